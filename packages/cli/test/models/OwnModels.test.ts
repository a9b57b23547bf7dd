import { describe, expect, it } from "@effect/vitest"
import { CameraStatus } from "@vigil/core/CameraStatus"
import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { failing } from "@vigil/fixtures/onnx/BrokenModels"
import { fixedYolox } from "@vigil/fixtures/onnx/FixedModels"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { yard } from "@vigil/fixtures/scene/SceneLibrary"
import { Effect, Schema } from "effect"
import { join } from "node:path"
import { startSite } from "../Site.js"
import { until } from "../Vigil.js"

const decodeStatuses = Schema.decodeUnknown(Schema.Array(CameraStatus))

/** Three parts of a file. */
const large = fixedYolox({
  size: { width: 640, height: 640 },
  classes: 80,
  detections: [{ label: 7, confidence: 0.9, box: { x: 200, y: 200, width: 200, height: 200 } }]
})
const small = fixedYolox({ size: { width: 96, height: 64 }, classes: 2, detections: [] })

describe("vigil models", () => {
  it.scopedLive(
    "brings models of one's own to a server, has cameras run them, and says which cameras cannot",
    () =>
      Effect.gen(function* () {
        const { video } = yield* sceneFile(yard)
        const { urls } = yield* spawnCameras({ files: [video] })
        const { call, file, folder, json, said: printed } = yield* startSite()
        // Of a camera that was just added there is none yet.
        const status = Effect.map(Effect.flatMap(json("camera", "status"), decodeStatuses), ([one]) => one)
        const eventually = (holds: (now: CameraStatus) => boolean) =>
          Effect.flatMap(
            until("the camera is so", status, (one) => one !== undefined && holds(one)),
            Effect.fromNullable
          )

        const broken = yield* call(
          "models",
          "upload",
          yield* file("broken.onnx", failing({ width: 96, height: 64 })),
          "trucks",
          "0.1"
        )
        expect(broken.code).toBe(1)
        expect(broken.stdout.toString()).toMatch(/^trucks 0\.1: in quarantine: /)
        expect(broken.stderr).toBe("vigil: trucks 0.1 was refused and stays in quarantine\n")
        expect((yield* call("models", "activate", "trucks", "0.1")).stderr).toMatch(/^vigil: version 0\.1 .* is in quarantine/)

        const largeFile = yield* file("large.onnx", large)
        expect(yield* printed("models", "upload", largeFile, "trucks", "1.0", "--activate")).toBe("trucks 1.0: active\n")
        expect(yield* printed("models", "upload", largeFile, "trucks", "1.0")).toBe("trucks 1.0: active\n")
        expect((yield* call("models", "upload", yield* file("small.onnx", small), "trucks", "1.0")).stderr).toMatch(
          /another name/
        )
        expect(yield* printed("models", "versions")).toMatch(
          /trucks +1\.0 +2\.\d MB +active\n(.*\n)*trucks +0\.1 .* in quarantine/
        )

        yield* printed(
          "camera",
          "add",
          "Yard",
          urls[0] ?? "",
          "--detector",
          "trucks",
          "--gate",
          "always",
          "--analytics",
          "motion"
        )
        const before = yield* eventually(({ pipeline }) => pipeline.inferences > 5 && pipeline.detections > 5)

        const strict = yield* file(
          "strict.json",
          JSON.stringify({ requirements: { minHeight: 2160, minBitrate: 0, minDuration: 0, overlap: 0 } })
        )
        yield* printed("models", "upload", join(folder, "small.onnx"), "strict", "1", "--describe", strict, "--activate")
        expect(yield* printed("models", "for", "Yard")).toMatch(
          /strict +1 +your own +model strict: needs a picture of 2160 lines, and this one has \d+\ntrucks +1\.0 +your own +assigned\nyolox-nano .* not installed/
        )
        const refused = yield* call("camera", "edit", "Yard", "--detector", "strict", "--no-probe")
        expect(refused.code).toBe(1)
        expect(refused.stderr).toMatch(/^vigil: model strict: needs a picture of 2160 lines, and this one has \d+\n$/)
        expect((yield* call("models", "deactivate", "trucks")).stderr).toMatch(/1 cameras name the model trucks/)

        yield* printed("models", "upload", join(folder, "small.onnx"), "trucks", "2.0", "--describe", strict, "--activate")
        const warned = yield* eventually(({ modelWarnings = [] }) => modelWarnings.length > 0)
        expect(warned).toMatchObject({
          epoch: before.epoch,
          modelWarnings: [{ model: "trucks", requirement: "height", needed: 2160 }]
        })
        expect(warned.state).toEqual(before.state)
        expect(yield* printed("camera", "status")).toMatch(/model trucks needs a picture of 2160 lines/)

        expect(yield* printed("models", "delete", "trucks", "1.0")).toBe("trucks 1.0 is deleted.\n")
        expect(yield* json("audit", "list", "--action", "model.activate")).toMatchObject([
          { after: { version: "2.0" } },
          { after: { version: "1" } },
          { after: { version: "1.0" } }
        ])
      }),
    400_000
  )
})
