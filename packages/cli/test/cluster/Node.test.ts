import { describe, expect, layer } from "@effect/vitest"
import { CameraId, defaultTenant } from "@vigil/core/Ids"
import { hasNatsServer, type NatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { startNetworkProxy } from "@vigil/fixtures/network/NetworkProxy"
import { hasPostgres, type PostgresServer, startPostgresServer } from "@vigil/fixtures/peer/PostgresServer"
import { Nats } from "@vigil/runtime/nats/Nats"
import { Context, Effect, Layer, Schema } from "effect"
import { join } from "node:path"
import {
  eventually,
  firstLine,
  type Running,
  runningVigil,
  temporaryFolder,
  until,
  vigil,
  vigilJson,
  vigilProcess
} from "../Vigil.js"

/** What nodes meet at. */
class Meeting extends Context.Tag("test/Meeting")<
  Meeting,
  { readonly nats: NatsServer; readonly postgres: PostgresServer; readonly folder: string }
>() {
  static readonly layer = Layer.scoped(
    Meeting,
    Effect.all({ nats: startNatsServer(), postgres: startPostgresServer, folder: temporaryFolder })
  )
}

const key = Buffer.alloc(32, 7).toString("base64")

/** It takes long where a server is to be waited for. */
const briefly = { VIGIL_START_TIMEOUT: "1 second" }

const environment = (name: string, changes: Readonly<Record<string, string>> = {}) =>
  Effect.map(Meeting, ({ folder, nats, postgres }) => ({
    VIGIL_DATA: join(folder, name),
    VIGIL_NATS_URL: nats.url,
    VIGIL_DATABASE_URL: postgres.url,
    VIGIL_KEY: key,
    ...changes
  }))

const ClusterShards = Schema.Struct({ nodes: Schema.Array(Schema.Struct({ name: Schema.String, shards: Schema.Number })) })

/** A node holds shards a moment after it is a member, says the one that is asked. */
const untilHolds = (asked: string, name: string) =>
  Effect.flatMap(environment(asked), ({ VIGIL_DATA }) =>
    until(
      `${name} holds shards`,
      Effect.map(vigilJson(["cluster", "status"], { VIGIL_DATA }), Schema.decodeUnknownSync(ClusterShards)),
      ({ nodes }) => nodes.some((node) => node.name === name && node.shards > 0)
    )
  )

const nowhere = "127.0.0.1:9"

const idOf = Schema.decodeUnknown(Schema.Struct({ id: CameraId }))

/** Of a job that a worker gave up; `there` is the environment of a node that serves. */
const forgetsJobs = (there: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const { id: cameraId } = yield* Effect.flatMap(
      vigilJson(["camera", "add", "Gate", "rtsp://127.0.0.1:9/x", "--no-probe"], there),
      idOf
    )
    const dead = (...words: ReadonlyArray<string>) => vigil(["jobs", "dead", ...words], there)
    expect((yield* dead("list")).stderr).toBe("No job was given up in the last seven days.\n")
    const jobId = crypto.randomUUID()
    const { nats } = yield* Meeting
    const letter = { jobId, customerId: defaultTenant, cameraId, segmentSequence: 7, model: "forklifts", deliveries: 5 }
    yield* Effect.flatMap(Nats, ({ connection, subject }) =>
      Effect.promise(() =>
        connection.request(
          subject("dead-jobs", "forklifts", defaultTenant, cameraId),
          JSON.stringify({ ...letter, reason: "it is not active", at: "2026-01-01T00:00:00.000Z" })
        )
      )
    ).pipe(Effect.provide(Nats.layer({ url: nats.url, cluster: "vigil" })))
    expect((yield* dead("list")).stdout.toString()).toMatch(new RegExp(`${jobId} +Gate +forklifts +5 +it is not active$`, "m"))
    expect((yield* dead("show", jobId)).stdout.toString()).toMatch(/camera +Gate \([^]*segment +7[^]*reason +it is not active/)
    expect(yield* vigilJson(["jobs", "dead", "discard", "--all"], there)).toEqual({ discarded: 1 })
    expect(yield* dead("show", jobId)).toMatchObject({ code: 1, stderr: `vigil: no job ${jobId} was given up\n` })
  })

describe.skipIf(!hasNatsServer || !hasPostgres)("vigil node [needs nats-server and postgresql]", () => {
  layer(Meeting.layer, { timeout: 300_000, excludeTestServices: true })((it) => {
    it.scoped(
      "joins, serves where it has that role, gives its shards away on SIGTERM, and ends with 0",
      () =>
        Effect.gen(function* () {
          const a = yield* runningVigil(["node", "--name", "a", "--json", "--label", "site=north"], yield* environment("a"))
          const first = yield* firstLine(a)
          expect(first).toMatchObject({ node: "a", cluster: "vigil", nodes: 1 })
          expect(first).toHaveProperty("url")
          const b = yield* runningVigil(
            ["node", "--name", "b", "--roles", "camera", "--capacity", "100", "--json"],
            yield* environment("b")
          )
          expect(yield* firstLine(b)).toEqual({ node: "b", cluster: "vigil", nodes: 2 })
          yield* untilHolds("a", "b")
          b.process.kill("SIGTERM")
          const ended = yield* Effect.promise(() => b.ended)
          expect(ended.code).toBe(0)
          expect(ended.stderr).toContain("cameras go to 1 other nodes")
          expect(ended.stderr).not.toContain("could be given away")
        }),
      400_000
    )

    it.scoped(
      "a node without cameras is no member that gets any; a second node of a name is told so",
      () =>
        Effect.gen(function* () {
          const named = { VIGIL_CLUSTER: "other" }
          const office = yield* runningVigil(
            ["node", "--name", "office", "--roles", "api", "--json"],
            yield* environment("o", named)
          )
          expect(yield* firstLine(office)).toMatchObject({ node: "office", cluster: "other", nodes: 0 })
          // On a busy machine a node also gives up because the database does not answer at once.
          const again = yield* until(
            "the second is told so",
            vigilProcess(["node", "--name", "office", "--roles", "camera"], yield* environment("p", named)),
            ({ stderr }) => stderr.includes("give this one another --name")
          )
          expect(again.code).toBe(1)
        }),
      400_000
    )

    it.scoped(
      "a second signal ends it at once",
      () =>
        Effect.gen(function* () {
          const { postgres } = yield* Meeting
          const signals = { VIGIL_CLUSTER: "signals" }
          const [node, other] = yield* Effect.all(
            [
              Effect.flatMap(environment("s", signals), (variables) =>
                runningVigil(["node", "--name", "s", "--json"], variables)
              ),
              Effect.flatMap(environment("t", signals), (variables) => runningVigil(["node", "--name", "t", "--json"], variables))
            ],
            { concurrency: 2 }
          )
          yield* Effect.all([firstLine(node), firstLine(other)], { concurrency: 2 })
          yield* untilHolds("s", "s")
          // Without the database it cannot give them away, and tries to for seconds.
          yield* postgres.stop
          node.process.kill("SIGTERM")
          yield* eventually("the way out", () => (node.printed().stderr.includes("cameras go to") ? true : undefined))
          node.process.kill("SIGTERM")
          const end = yield* Effect.exit(
            eventually("its end", () => node.process.signalCode ?? node.process.exitCode ?? undefined)
          )
          yield* postgres.start
          expect(yield* end).toBe("SIGTERM")
        }),
      400_000
    )

    it.scoped(
      "waits for its servers and says so, begins once they answer, and ends at once when it is to",
      () =>
        Effect.gen(function* () {
          const { nats, postgres } = yield* Meeting
          const beyond = (address: string) =>
            Effect.gen(function* () {
              const { hostname, port } = new URL(address)
              const proxy = yield* startNetworkProxy({ target: { host: hostname, port: Number(port) }, faults: { refuse: true } })
              const through = new URL(address)
              through.host = `${proxy.host}:${proxy.port}`
              return { proxy, url: String(through), place: `${proxy.host}:${proxy.port}` }
            })
          const [bus, database] = [yield* beyond(nats.url), yield* beyond(postgres.url)]
          const patiently = {
            VIGIL_NATS_URL: bus.url,
            VIGIL_DATABASE_URL: database.url,
            VIGIL_START_TIMEOUT: "10 minutes",
            VIGIL_JOBS_MAX_MB: "16"
          }
          const waiting = (running: Running) =>
            eventually("its words", () => {
              const { stderr } = running.printed()
              const isTold = [bus, database].every(({ place }) =>
                stderr.split("\n").some((line) => line.includes(place) && line.includes("waiting for it"))
              )
              return isTold ? stderr : undefined
            })
          const node = yield* runningVigil(["node", "--name", "w", "--json"], yield* environment("w", patiently))
          const impatient = yield* runningVigil(["node", "--name", "v"], yield* environment("v", patiently))
          expect(yield* waiting(impatient)).toMatch(/waiting for it, \d+ s at the most.*VIGIL_DATABASE_URL/)
          impatient.process.kill("SIGINT")
          expect(yield* Effect.promise(() => impatient.ended)).toMatchObject({ code: 0 })

          const told = yield* waiting(node)
          expect(told).not.toContain(decodeURIComponent(new URL(postgres.url).password) || "no password")
          for (const { proxy } of [bus, database]) proxy.setFaults({})
          expect(yield* firstLine(node)).toMatchObject({ node: "w" })
          yield* forgetsJobs(yield* environment("w"))
        }),
      400_000
    )

    it.effect(
      "says what cannot be reached and what to do, without secrets",
      () =>
        Effect.gen(function* () {
          const [nats, postgres] = yield* Effect.all(
            [
              vigilProcess(["node"], yield* environment("e", { ...briefly, VIGIL_NATS_URL: `nats://me:hidden@${nowhere}` })),
              vigilProcess(
                ["node"],
                yield* environment("f", { ...briefly, VIGIL_DATABASE_URL: `postgres://me:hidden@${nowhere}/vigil` })
              )
            ],
            { concurrency: 2 }
          )
          for (const { code, stderr, stdout } of [nats, postgres]) {
            expect(code).toBe(1)
            expect(stderr).toContain(nowhere)
            expect(`${stdout.toString()}${stderr}`).not.toContain("hidden")
          }
          expect(postgres.stderr).toMatch(/waited \d+ s \(VIGIL_START_TIMEOUT\)/)
          expect(nats.stderr).toContain("VIGIL_NATS_URL")
          expect(postgres.stderr).toContain("VIGIL_DATABASE_URL")
        }),
      400_000
    )

    it.effect(
      "takes no password as an argument, and no key of its own making",
      () =>
        Effect.gen(function* () {
          const typed = [
            ["--nats", "nats://me:hidden@bus.example:4222"],
            ["--postgres", "postgres://me:hidden@db.example/vigil"],
            ["--postgres", "postgres://db.example/vigil?password=hidden"],
            ["--name", "Not A Name"],
            ["--roles", "camera,cook"],
            ["--capacity", "0"]
          ]
          const calls = yield* Effect.forEach(
            typed,
            (words) => Effect.flatMap(environment("g"), (variables) => vigil(["node", ...words], variables)),
            { concurrency: 3 }
          )
          for (const { code, stderr } of calls) {
            expect(code).toBe(2)
            expect(stderr).not.toContain("hidden")
          }
          const { VIGIL_KEY: _, ...keyless } = yield* environment("h")
          const without = yield* vigil(["node"], keyless)
          expect(without.code).toBe(1)
          expect(without.stderr).toContain("VIGIL_KEY")
        }),
      400_000
    )
  })
})
