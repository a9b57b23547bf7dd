import { expect, it } from "@effect/vitest"
import { CameraStatus } from "@vigil/core/CameraStatus"
import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { Effect, Redacted, Schedule, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { startSite } from "./Site.js"

const count = 50

const decodeStatuses = Schema.decodeUnknownSync(Schema.Array(CameraStatus))

it.scopedLive(
  "the master key is rotated while 50 cameras stream, and none of them connects anew",
  () =>
    Effect.gen(function* () {
      const { video } = yield* sceneFile(street)
      const credentials = { username: "user", password: "geheim-geheim-1" }
      const simulator = yield* spawnCameras({
        files: [video],
        count,
        authentication: { username: "user", password: Redacted.make(credentials.password), scheme: "digest" }
      })
      const site = yield* startSite()
      const ask = (path: string, body?: unknown) =>
        Effect.map(site.ask(`/api/v1${path}`, body), (text): unknown => JSON.parse(text))
      yield* Effect.forEach(simulator.urls, (url, n) =>
        ask("/cameras", { name: `Camera ${n}`, url, credentials, transport: "tcp", analytics: [] })
      )
      const statuses = Effect.map(ask("/cameras/status"), decodeStatuses)
      const streaming = Effect.filterOrFail(
        statuses,
        (all) => all.length === count && all.every(({ source, state }) => state._tag === "Streaming" && source.accessUnits > 0),
        () => "not all of them stream"
      )
      const before = yield* Effect.retry(streaming, { schedule: Schedule.spaced("500 millis"), times: 180 })
      const connectionsOf = Effect.map(simulator.cameras, (cameras) => cameras.map(({ statistics }) => statistics.connections))
      const connected = yield* connectionsOf

      const keyFile = yield* site.file("new-key", `${randomBytes(32).toString("base64")}\n`)
      const rotated = yield* site.call("keys", "rotate", "--key-file", keyFile)
      expect(rotated.stderr).toMatch(/50 of 50 secrets/)
      expect(rotated.stdout.toString()).toMatch(
        /^50 of 50 secrets are under the key [0-9a-f]{8}\. The key before is in the file key\.previous/
      )
      expect(yield* site.json("keys", "status")).toMatchObject({ next: null, secrets: [{ count }] })
      expect(yield* Effect.promise(() => readFile(join(site.data, "key"), "utf8"))).toBe(
        yield* Effect.promise(() => readFile(keyFile, "utf8"))
      )

      const wentOn = yield* Effect.retry(
        Effect.filterOrFail(
          streaming,
          (all) =>
            all.every(
              ({ cameraId, source }) =>
                source.accessUnits > (before.find((was) => was.cameraId === cameraId)?.source.accessUnits ?? 0)
            ),
          () => "not all of them go on"
        ),
        { schedule: Schedule.spaced("500 millis"), times: 60 }
      )
      const identity = (all: typeof before) =>
        all
          .map(({ cameraId, epoch, revision, state }) => [cameraId, epoch, revision, "since" in state ? state.since : 0].join())
          .sort()
      expect(identity(wentOn)).toEqual(identity(before))
      expect(yield* connectionsOf).toEqual(connected)

      const [first] = before
      yield* ask(`/cameras/${first?.cameraId}/restart`, {})
      const restarted = yield* Effect.retry(
        Effect.filterOrFail(
          Effect.map(streaming, identity),
          (now) => JSON.stringify(now) !== JSON.stringify(identity(before)),
          () => "the restart does not show"
        ),
        { schedule: Schedule.spaced("500 millis"), times: 60 }
      )
      const differing = restarted.filter((now, n) => now !== identity(before)[n])
      expect(
        differing.map((text) => text.split(",")[0]),
        "a connection made anew would have shown"
      ).toEqual([first?.cameraId])
      const audited = yield* site.json("audit", "list", "--action", "keys.rotate")
      expect(audited).toMatchObject([{ actor: { username: "operator" }, after: { secrets: count, unreadable: 0 } }])
      expect(yield* site.json("audit", "verify")).toMatchObject({ broken: null })
      expect((yield* site.call("keys", "rotate")).stderr).toContain("there is no new key")
    }),
  400_000
)
