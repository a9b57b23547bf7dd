import { describe, expect, it } from "@effect/vitest"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { protobuf } from "@vigil/fixtures/onnx/Protobuf"
import { sceneDetector } from "@vigil/fixtures/onnx/SceneDetector"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { yard } from "@vigil/fixtures/scene/SceneLibrary"
import { Effect } from "effect"
import { readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { runProgram, temporaryFolder, untilAlone, untilPrinted } from "./Program.js"

const startYard = Effect.flatMap(sceneFile(yard), ({ video }) => startCameras({ files: [video] }))

/** A model file as exporters write it: names of its classes among the metadata (field 14 of onnx.proto's ModelProto). */
const detectorFile = () => {
  const names = protobuf().text(1, "names").text(2, "{0: 'person', 1: 'car'}")
  return Buffer.concat([sceneDetector().bytes, protobuf().message(14, names).finish()])
}

describe("Alone.ts", () => {
  it.scopedLive("prints events and statuses of a camera; Ctrl-C leaves nothing behind", () =>
    Effect.gen(function* () {
      const { cameras, urls } = yield* startYard
      const folder = yield* temporaryFolder
      const program = yield* runProgram("Alone", folder, { CAMERA_URL: urls[0] ?? "" })
      yield* untilPrinted(program, /^camera\.created\ncamera\.enabled$/m)
      yield* untilPrinted(program, /^Streaming, \d.* frames a second, 0 looked at/m)
      yield* untilPrinted(program, /^MOTION with [01]\.\d\d$/m)
      expect((yield* program.processes).length).toBeGreaterThan(1)
      expect(cameras[0]?.sessions.size).toBe(1)

      expect(yield* program.end).toBe(0)
      expect(yield* program.processes).toEqual([])
      yield* untilAlone(cameras)
      expect(yield* Effect.promise(() => readdir(folder, { recursive: true }))).toEqual(["models"])
      expect(program.printed()).not.toMatch(/error/i)
    })
  )

  it.scopedLive(
    "looks for people where a model is given",
    () =>
      Effect.gen(function* () {
        const { urls } = yield* startYard
        const folder = yield* temporaryFolder
        const model = join(folder, "scene.onnx")
        yield* Effect.promise(() => writeFile(model, detectorFile()))
        const program = yield* runProgram("Alone", folder, { CAMERA_URL: urls[0] ?? "", MODEL_FILE: model })
        yield* untilPrinted(program, /^Streaming, .*, [1-9]\d* looked at/m)
        yield* untilPrinted(program, /^INTRUSION with [01]\.\d\d$/m)
        expect(yield* program.end).toBe(0)
        expect(yield* program.processes).toEqual([])
      }),
    120_000
  )

  it.scopedLive("says what is missing", () =>
    Effect.gen(function* () {
      const program = yield* runProgram("Alone", yield* temporaryFolder, {})
      expect(yield* program.ended).toBe(1)
      expect(program.printed()).toContain("CAMERA_URL")
    })
  )
})
