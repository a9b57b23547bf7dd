import { describe, expect, it } from "@effect/vitest"
import { AnalysisRecord } from "@vigil/core/AnalysisRecord"
import { sceneDetector } from "@vigil/fixtures/onnx/SceneDetector"
import { readTruth, sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { yard } from "@vigil/fixtures/scene/SceneLibrary"
import { Effect, Schema } from "effect"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { temporaryFolder, vigil, vigilProcess } from "./Vigil.js"

const Record = Schema.parseJson(AnalysisRecord)

describe("vigil analyze", () => {
  it.scoped(
    "finds each person of a scene with one track",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const environment = { VIGIL_DATA: folder }
        const { bytes, descriptor } = sceneDetector()
        const model = join(folder, "scene.onnx")
        yield* Effect.promise(() => writeFile(model, bytes))
        yield* Effect.promise(() => writeFile(`${model}.json`, JSON.stringify(descriptor)))
        const imported = yield* vigil(["models", "import", model, "--descriptor", `${model}.json`], environment)
        expect({ code: imported.code, stderr: imported.stderr }).toEqual({ code: 0, stderr: "" })

        const file = yield* sceneFile(yard)
        const { frames } = yield* readTruth(file)
        const people = new Set(
          frames.flatMap(({ objects }) => objects.filter(({ label }) => label === "person").map(({ id }) => id))
        )
        const called = yield* vigilProcess(["analyze", file.video, "--model", "scene-detector", "--json"], environment)
        expect({ code: called.code, stderr: called.stderr }).toEqual({ code: 0, stderr: "" })
        const records = yield* Effect.forEach(called.stdout.toString().trim().split("\n"), (line) => Schema.decode(Record)(line))

        const tracks = records.filter((record) => record.type === "track")
        expect(tracks.map(({ label }) => label)).toEqual(Array.from(people, () => "person"))
        const detections = records.filter((record) => record.type === "detection")
        expect(detections.length).toBeGreaterThan(100)
        expect(new Set(detections.flatMap(({ track }) => track ?? []))).toEqual(new Set(tracks.map(({ track }) => track)))
        expect(records.filter((record) => record.type === "event").map(({ eventType }) => eventType)).toContain("INTRUSION")
        expect(records.at(-1)).toMatchObject({
          type: "summary",
          framesDecoded: frames.length,
          framesDropped: 0,
          detections: detections.length,
          tracks: people.size
        })
      }),
    400_000
  )

  it.effect("says what is wrong with a file, an analytic or a model", () =>
    Effect.gen(function* () {
      expect(yield* vigil(["analyze", "/nonexistent.mp4"])).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/nonexistent\.mp4: there is no such file\n$/)
      })
      expect(yield* vigil(["analyze", "/nonexistent.mp4", "--analytics", "divination"])).toMatchObject({ code: 2 })
      expect(yield* vigil(["analyze", "/nonexistent.mp4", "--model", "divination"])).toMatchObject({ code: 1 })
    })
  )
})
