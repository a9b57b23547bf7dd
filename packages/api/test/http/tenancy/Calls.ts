import { openApiDocument } from "@vigil/core/contract/OpenApiDocument"
import { VigilRpc } from "@vigil/core/contract/VigilRpc"
import { Duration, Effect, Exit, JSONSchema, Option, Schema, Stream } from "effect"
import * as fc from "effect/FastCheck"
import { arbitraryOf, type JsonObject } from "../fuzz/JsonSchemaArbitrary.js"
import { type Operation, operationsOf } from "../fuzz/Operations.js"
import type { rpcClient } from "../RpcVisitor.js"
import { type Answer, TestServer } from "../TestServer.js"
import { addressOf, type ThingKind, type Things, withThings } from "./Things.js"

/** Stands for the id of a thing. */
const anyId = "00000000-0000-4000-8000-00000000000a"

const asObject = Schema.decodeUnknownSync(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
const document: JsonObject = asObject(JSON.parse(JSON.stringify(openApiDocument)))

/** Every call of the HTTP interface. */
export const httpCalls: ReadonlyArray<Operation> = operationsOf(document)

/** Every call of the RPC interface, by its name. */
export const rpcCalls: ReadonlyArray<string> = [...VigilRpc.requests.keys()]

/** Bodies that no schema tells: bytes, and those of which hardly any that is allowed means anything. */
const bodies: Readonly<Record<string, unknown>> = {
  "live.open": "v=0\r\n",
  "whip.publish": "v=0\r\n",
  "whip.trickle": "a=ice-ufrag:x\r\n",
  "cameras.import": new TextEncoder().encode("name,url\n"),
  "models.putPart": new Uint8Array(100),
  "users.change": { role: "viewer" },
  "history.rollBack": { revision: 1 },
  "cameras.update": { name: "Ours" },
  "heartbeat.beat": { status: "running" },
  "accounts.change": { displayName: "Ours" },
  "settings.changeSite": {},
  "settings.changeCamera": {},
  "grants.set": { places: [], groups: [] },
  "identityProviders.change": { name: "Ours" }
}

const queries: Readonly<Record<string, string>> = { "history.difference": "?from=1&to=1" }

/** What may be said in the body of a call; the same for the same seed. */
const bodyOf = ({ body, id }: Operation, seed: number): unknown => {
  if (body === undefined) return undefined
  return id in bodies ? bodies[id] : fc.sample(arbitraryOf(document, body.schema), { numRuns: 1, seed })[0]
}

const callWith = (operation: Operation, things: Things, body: unknown, headers: Record<string, string>) =>
  Effect.flatMap(TestServer, ({ visit }) =>
    visit({
      method: operation.method,
      path: addressOf(operation.path, things) + (queries[operation.id] ?? ""),
      body,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": operation.body?.contentType ?? "" }) }
    })
  )

/** Makes a call with these things in its address and its body; with a body of the seed, unless one is given. */
export const callHttp = (
  operation: Operation,
  things: Things,
  seed: number,
  headers: Record<string, string>,
  given?: unknown
) => {
  const body = given ?? bodyOf(operation, seed)
  return callWith(operation, things, body instanceof Uint8Array ? body : withThings(body, things), headers)
}

/** Bodies that name things, of calls of which hardly any that is allowed means anything. */
const naming: Readonly<Record<string, ReadonlyArray<unknown>>> = {
  "cameras.create": ["placeId", "edge"].map((field) => ({ name: "Ours", url: "rtsp://192.0.2.1/", [field]: anyId })),
  "cameras.probe": [{ camera: { name: "Ours", url: "rtsp://192.0.2.1/" }, seconds: 1, cameraId: anyId }],
  "places.update": [{ parentId: anyId }]
}

/** Bodies of a call, as its schema allows them, that name things; none where it has no such bodies. */
export const bodiesNaming = ({ body, id }: Operation, things: Things): ReadonlyArray<unknown> => {
  if (body === undefined || body.contentType !== "application/json") return []
  const samples = naming[id] ?? fc.sample(arbitraryOf(document, body.schema), { numRuns: 200, seed: 1 })
  return samples
    .map((sample) => withThings(sample, things))
    .filter((sample) => Object.values(things).some((id) => JSON.stringify(sample).includes(id)))
    .slice(0, 60)
}

/** Makes a call about one's own things, with a body that names others. */
export const callNaming = (operation: Operation, own: Things, body: unknown, headers: Record<string, string>) =>
  callWith(operation, own, body, headers)

const typeOf = Schema.decodeUnknownOption(Schema.Struct({ type: Schema.String }))

/** The problem's type, without what all have in common. */
export const problemOf = ({ json }: Answer): string =>
  Option.match(typeOf(json), { onNone: () => "", onSome: ({ type }) => type.replace("urn:vigil:problem:", "") })

/** The call was looked at no further than what it is made of. */
export const isMalformed = (answer: Answer): boolean =>
  answer.status === 413 || (answer.status === 400 && ["validation", "malformed-body"].includes(problemOf(answer)))

/** Payloads of calls of which hardly any that is allowed means anything. */
const payloads: Readonly<Record<string, unknown>> = {
  ObjectHistory: { type: "camera", id: anyId },
  ObjectDifference: { type: "camera", id: anyId, from: 1, to: 1 },
  DrainNode: { node: "south" },
  ResumeNode: { node: "south" },
  ProbeSource: {
    camera: { name: "Ours", url: "rtsp://192.0.2.1/" },
    seconds: 1,
    cameraId: anyId
  },
  AddEventNote: { id: anyId, note: { text: "Ours" } },
  CreateCamera: { camera: { name: "Ours", url: "rtsp://192.0.2.1/", placeId: anyId } },
  ConfigureCamera: { id: anyId, patch: { name: "Ours" } },
  QueryEvents: { query: { cameraId: anyId } },
  QueryAudit: { query: { subjectId: anyId } }
}

/** What may be sent with a call. */
const schemaOf = (tag: string): Schema.Schema<unknown, unknown> => {
  const schema = VigilRpc.requests.get(tag)?.payloadSchema
  if (schema === undefined) throw new Error(`there is no call ${tag}`)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of whichever type it is, it is only asked whether something is of it
  return schema as Schema.Schema<unknown, unknown>
}

/** What the id in a call's payload is of, where it is not a camera. */
const idsOf: ReadonlyArray<readonly [RegExp, ThingKind]> = [
  [/Event(Status|Note)?$/, "event"],
  [/Discovery$/, "discovery"]
]

/** What is sent with a call, with these things in it; fails for a call whose payload cannot be guessed. */
const payloadOf = (tag: string, things: Things): unknown => {
  const schema = schemaOf(tag)
  const decode = Schema.decodeUnknownOption(schema)
  const [, about = "camera"] = idsOf.find(([pattern]) => pattern.test(tag)) ?? []
  const its = { ...things, camera: things[about] }
  const jsonSchema = asObject(JSON.parse(JSON.stringify(JSONSchema.make(schema))))
  const guesses =
    tag in payloads ? [payloads[tag]] : [undefined, ...fc.sample(arbitraryOf(jsonSchema, jsonSchema), { numRuns: 50, seed: 1 })]
  for (const guess of guesses) {
    const payload = decode(withThings(guess, its))
    if (Option.isSome(payload)) return payload.value
  }
  throw new Error(`${tag} is new: say in tenancy/Calls.ts what may be sent with it`)
}

type Client = Effect.Effect.Success<ReturnType<typeof rpcClient>>

/** A moment, in which a server that has little to do tells what it has to tell, and a busy one does too. */
const momentOf = (client: Client) =>
  Effect.map(Effect.timed(client.WhoAmI()), ([took]) => Duration.max("300 millis", Duration.times(took, 20)))

/** Makes a call; of what streams, what comes within a moment, or as long as it takes until it ends. Answers what it told or failed with, as JSON. */
export const callRpc = (client: Client, tag: string, things: Things, until: "moment" | "end" = "moment") =>
  Effect.gen(function* () {
    const call = Object.entries(client).find(([name]) => name === tag)?.[1]
    if (typeof call !== "function") throw new Error(`there is no call ${tag}`)
    const payload = payloadOf(tag, things)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- which of the client's calls it is, only its name tells
    const answer = (call as (payload: unknown) => Effect.Effect<unknown, unknown> | Stream.Stream<unknown, unknown>)(payload)
    const told = Effect.isEffect(answer)
      ? answer
      : Effect.flatMap(until === "end" ? Effect.succeed(Duration.minutes(1)) : momentOf(client), (moment) =>
          answer.pipe(
            Stream.interruptAfter(moment),
            Stream.take(50),
            Stream.runCollect,
            Effect.map((all) => [...all])
          )
        )
    return Exit.match(yield* Effect.exit(Effect.timeout(told, "60 seconds")), {
      onSuccess: (value) => ({ failed: false, text: JSON.stringify(value) ?? "" }),
      onFailure: (cause) => ({ failed: true, text: JSON.stringify(cause) })
    })
  })

/** Whether something in the call's payload has an id. */
export const sendsThing = (tag: string): boolean =>
  tag in payloads
    ? JSON.stringify(payloads[tag]).includes(anyId)
    : JSON.stringify(JSONSchema.make(schemaOf(tag))).includes('"uuid"')
