import { describe, expect, it } from "@effect/vitest"
import { EventPage } from "@vigil/core/Event"
import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { hasPostgres, startPostgresServer } from "@vigil/fixtures/peer/PostgresServer"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { Effect, Schedule, Schema } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { installDetector } from "./Detector.js"
import { firstLine, runningVigil } from "./Vigil.js"

const cameras = 4
/** Seconds without a database, at least. */
const away = 30

const OperatorFile = Schema.parseJson(Schema.Struct({ url: Schema.String, token: Schema.String }))
const Problem = Schema.Struct({ status: Schema.Number, title: Schema.String, detail: Schema.String })

/** Samples of counters, all labels together. */
const counters = (page: string, names: ReadonlyArray<string>) =>
  names.map((name) =>
    page
      .split("\n")
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .reduce((sum, line) => sum + Number(line.split(" ")[1]), 0)
  )

const work = ["vigil_frames_decoded_total", "vigil_inferences_total", "vigil_detections_total", "vigil_segments_total"]

describe.skipIf(!hasPostgres)("PostgreSQL is away [needs PostgreSQL]", () => {
  it.scopedLive(
    "cameras stream and are analysed all the while, calls are answered with 503, and what happened is there afterwards",
    () =>
      Effect.gen(function* () {
        const postgres = yield* startPostgresServer
        const folder = yield* installDetector
        const { video } = yield* sceneFile(street)
        const simulator = yield* spawnCameras({ files: [video], count: cameras })
        const environment = {
          VIGIL_DATA: folder,
          VIGIL_DATABASE_URL: postgres.url,
          VIGIL_METRICS_TOKEN: "a-token-for-the-test-only"
        }
        const running = yield* runningVigil(["up", "--json"], environment)
        yield* firstLine(running)
        const { token, url } = yield* Effect.flatMap(
          Effect.promise(() => readFile(join(environment.VIGIL_DATA, "operator.json"), "utf8")),
          Schema.decode(OperatorFile)
        )
        const ask = (path: string, body?: unknown) =>
          Effect.promise(async () => {
            const response = await fetch(`${url}${path}`, {
              method: body === undefined ? "GET" : "POST",
              headers: {
                authorization: `Bearer ${path === "/metrics" ? environment.VIGIL_METRICS_TOKEN : token}`,
                "content-type": "application/json"
              },
              ...(body === undefined ? {} : { body: JSON.stringify(body) })
            })
            return { status: response.status, headers: response.headers, text: await response.text() }
          })
        yield* Effect.forEach(simulator.urls, (address, n) =>
          ask("/api/v1/cameras", {
            name: `Camera ${n}`,
            url: address,
            transport: "tcp",
            detection: { framesPerSecond: 5, gate: "always" }
          })
        )
        const done = Effect.map(ask("/metrics"), ({ text }) => counters(text, work))
        const eventsOf = Effect.flatMap(ask("/api/v1/events?limit=500"), ({ text }) =>
          Schema.decode(Schema.parseJson(EventPage))(text)
        )
        const until = <A, E>(what: string, look: Effect.Effect<A, E>, holds: (found: A) => boolean) =>
          Effect.retry(
            Effect.filterOrFail(look, holds, (found) => new Error(`${what}: ${JSON.stringify(found)}`)),
            { schedule: Schedule.spaced("500 millis"), times: 240 }
          )
        yield* until("nothing is analysed", done, (counts) => counts.every((count) => count > 0))
        yield* until("there are no events", eventsOf, ({ events }) => events.length > 0)
        const connectionsOf = Effect.map(simulator.cameras, (all) => all.map(({ statistics }) => statistics.connections))
        const connected = yield* connectionsOf

        yield* postgres.stop
        const stopped = Date.now()
        const before = yield* done
        const refuses = Effect.gen(function* () {
          const { headers, status, text } = yield* ask("/api/v1/cameras")
          expect(status, text).toBe(503)
          expect(headers.get("content-type")).toContain("application/problem+json")
          expect(Number(headers.get("retry-after"))).toBeGreaterThan(0)
          expect(yield* Schema.decode(Schema.parseJson(Problem))(text)).toMatchObject({ status: 503 })
          expect((yield* ask("/health/live")).status).toBe(200)
          expect((yield* ask("/health/ready")).status).toBe(503)
        })
        /** It has refused calls for so many seconds, and all of its work has gone on since those counts; answers the new ones. */
        const goesOn = (than: ReadonlyArray<number>, seconds: number) => {
          const begun = Date.now()
          return until("not all goes on", Effect.zipRight(refuses, done), (counts) => {
            return Date.now() - begun > seconds * 1000 && counts.every((count, n) => count > (than[n] ?? 0))
          })
        }
        yield* Effect.reduce([away / 2, away / 2], before, goesOn)
        expect(yield* connectionsOf, "no camera was connected to anew").toEqual(connected)
        yield* postgres.start
        const began = Date.now()

        yield* until("the API does not come back", ask("/api/v1/cameras"), ({ status }) => status === 200)
        const { events } = yield* until("no event of the outage is there", eventsOf, ({ events: all }) => {
          const times = all.map(({ event }) => event.timestamp.epochMillis)
          return times.some((time) => time > stopped + 1000 && time < began - 1000) && times.some((time) => time > began)
        })
        for (const camera of new Set(events.map(({ event }) => event.cameraId))) {
          const sequences = events.flatMap(({ event, sequence }) => (event.cameraId === camera ? [sequence] : []))
          expect(new Set(sequences), "of one camera, without gaps").toEqual(new Set(sequences.map((_, n) => n + 1)))
        }
        expect(yield* connectionsOf, "no camera was connected to anew afterwards").toEqual(connected)
        yield* until("it does not get ready again", ask("/health/ready"), ({ status }) => status === 200)
      }),
    400_000
  )
})
