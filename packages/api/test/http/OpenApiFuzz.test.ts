import { describe, expect, layer } from "@effect/vitest"
import { openApiDocument } from "@vigil/core/contract/OpenApiDocument"
import { Config, Console, Effect, Schema } from "effect"
import * as fc from "effect/FastCheck"
import { makeJudge, type Received } from "./fuzz/Judge.js"
import { operationsOf } from "./fuzz/Operations.js"
import { makeGeneratedClient, makeRawClient } from "./fuzz/Senders.js"
import { type Shot, shots } from "./fuzz/Shots.js"
import { layerTestServer, TestServer } from "./TestServer.js"

const document = Schema.decodeUnknownSync(Schema.Record({ key: Schema.String, value: Schema.Unknown }))(
  JSON.parse(JSON.stringify(openApiDocument))
)

/** They would end the sessions that the other requests are made with, or close everything to them. */
const excluded = new Set(["session.signOut", "session.revoke", "signInPolicy.set"])
const operations = operationsOf(document).filter(({ id }) => !excluded.has(id))

const createdId = Schema.decodeUnknownOption(Schema.parseJson(Schema.Struct({ id: Schema.UUID })))

const told = ({ body, headers, query, who }: Shot): string => JSON.stringify({ who, query, headers, body }).slice(0, 300)

const countsOf = (names: ReadonlyArray<string>): string => {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, count]) => `${name}: ${count}`)
    .join(", ")
}

describe("the OpenAPI document", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect(
      "says what the server answers, whatever it is asked",
      () =>
        Effect.gen(function* () {
          const requests = yield* Config.withDefault(Config.integer("VIGIL_FUZZ_REQUESTS"), 1500)
          const seed = yield* Config.withDefault(Config.integer("VIGIL_FUZZ_SEED"), 1)
          const { cookies, url } = yield* TestServer
          const judge = makeJudge(document)
          const generated = yield* makeGeneratedClient(document, url)
          const raw = makeRawClient(url)
          /** Things that exist; the first one does not. */
          const ids: Array<string> = ["00000000-0000-4000-8000-00000000000a"]
          const seen: Array<readonly [Shot, Received]> = []
          for (const shot of fc.sample(shots(document, operations), { numRuns: requests, seed })) {
            const cookie = { nobody: undefined, stranger: "vigil-session=x", ...cookies }[shot.who]
            const id = shot.known === undefined ? shot.oddId : (ids[shot.known % ids.length] ?? "")
            const answer = yield* (shot.proper ? generated : raw)(shot, id, cookie)
            seen.push([shot, answer])
            const created = createdId(answer.text)
            if (answer.status === 201 && created._tag === "Some" && ids.length < 200) ids.push(created.value.id)
          }
          yield* Console.log(`${requests} requests: ${countsOf(seen.map(([, { status }]) => String(status)))}`)
          const wrong = seen.flatMap(([shot, answer]) =>
            judge(shot.operation, answer).map((complaint) => `${complaint}: ${told(shot)} -> ${answer.text.slice(0, 300)}`)
          )
          expect(wrong.slice(0, 5), `${wrong.length} of ${requests} answers`).toEqual([])
          expect(new Set(seen.map(([{ operation }]) => operation.id)).size).toBe(operations.length)
        }),
      { timeout: 900_000 }
    )
  })
})
