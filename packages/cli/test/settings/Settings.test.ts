import { expect, it } from "@effect/vitest"
import { CameraStatus } from "@vigil/core/CameraStatus"
import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { Effect, Schema } from "effect"
import { startSite } from "../Site.js"
import { until } from "../Vigil.js"

const decodeStatuses = Schema.decodeUnknownSync(Schema.Array(CameraStatus))

it.scopedLive(
  "vigil settings reach a camera that streams, which stays connected",
  () =>
    Effect.gen(function* () {
      const { video } = yield* sceneFile(street)
      const simulator = yield* spawnCameras({ files: [video], count: 1 })
      const { call, json, ...site } = yield* startSite()
      const said = (...args: ReadonlyArray<string>) => Effect.map(site.said(...args), (text) => text.trim())
      yield* said("place", "add", "North")
      expect(yield* said("settings", "get", "segment.duration")).toBe("5")
      expect(yield* said("settings", "set", "segment.duration", "10")).toBe("segment.duration is 10 for all cameras.")
      yield* said("camera", "add", "Gate", simulator.urls[0] ?? "", "--no-probe")
      yield* said("camera", "move", "Gate", "--place", "North")

      // Of a camera that was just added there is none yet.
      const status = Effect.map(json("camera", "status", "Gate"), (all) => decodeStatuses(all)[0])
      const when = (holds: (status: CameraStatus) => boolean) =>
        Effect.flatMap(
          until("the camera is so", status, (one) => one !== undefined && holds(one)),
          Effect.fromNullable
        )
      yield* when(({ source, state }) => state._tag === "Streaming" && source.accessUnits > 0)
      const connections = Effect.map(simulator.cameras, (cameras) => cameras.map(({ statistics }) => statistics.connections))
      const connected = yield* connections

      expect(yield* said("settings", "set", "segment.duration", "1", "--site", "North")).toBe(
        "segment.duration is 1 for the site."
      )
      expect(yield* json("settings", "get", "segment.duration", "--camera", "Gate")).toMatchObject({
        value: 1,
        origin: { level: "site" }
      })
      // The segment that is open ends with the next key frame, and then there is one for each second: of 10 s it would be 50 s.
      const begun = yield* when(() => true)
      const after = yield* when(({ pipeline }) => pipeline.segments >= begun.pipeline.segments + 5)
      const seconds = (after.source.accessUnits - begun.source.accessUnits) / street.framesPerSecond
      expect(seconds).toBeLessThan(40)

      expect(yield* said("settings", "set", "detection.framesPerSecond", "2", "--camera", "Gate")).toContain("for the camera")
      expect(yield* said("settings", "list", "--said", "--camera", "Gate")).toMatch(
        /SETTING +VALUE +FROM\nsegment.duration +1 +site North\ndetection.framesPerSecond +2 +camera/
      )
      expect(yield* said("settings", "unset", "segment.duration", "--site", "North")).toBe(
        "segment.duration is 10 for the site, from: tenant."
      )
      expect(yield* said("settings", "refresh")).toBe("All nodes read the settings again.")
      yield* when(({ revision, source }) => revision === 3 && source.accessUnits > after.source.accessUnits)
      expect(yield* connections).toEqual(connected)

      expect(yield* said("audit", "history", "settings", "North")).toMatch(/2 +\S+ +\S+ +settings.update +segment.duration\n1 /)
      const difference = "FIELD             NOW  REVISION 1\nsegment.duration  -    1\n"
      expect(yield* said("settings", "rollback", "1", "--site", "North", "--dry-run")).toBe(
        `${difference}Revision 1 would hold again.`
      )
      expect(yield* said("audit", "rollback", "settings", "North", "1")).toBe(
        `${difference}It is as it was at revision 1; this is its revision 3.`
      )
      expect(yield* said("settings", "get", "segment.duration", "--camera", "Gate")).toBe("1")
      const wrong = yield* call("settings", "set", "segment.duration", "11")
      expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/^vigil: setting segment\.duration: [^\n]*\n$/) })
      expect((yield* call("settings", "get", "segment.length")).stderr).toMatch(/there is no setting segment.length/)
      expect((yield* call("settings", "list", "--system", "--camera", "Gate")).code).toBe(2)

      const { cameraId } = begun
      yield* said("camera", "remove", "Gate")
      expect(yield* json("audit", "rollback", "camera", cameraId, "3")).toMatchObject({
        restored: true,
        to: 3,
        revision: 5
      })
      yield* when(({ revision, source }) => revision === 5 && source.accessUnits > 0)
      yield* said("password-policy", "set", "--lock-after", "7")
      expect(yield* said("audit", "rollback", "password-policy", "tenant", "0")).toMatch(/lockAfter +7 +20\nIt is as it was/)

      expect(yield* said("settings", "describe")).toMatch(/analytic.motion.sensitivity +0.5 +0 sees strong changes only/)
    }),
  400_000
)
