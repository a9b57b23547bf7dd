import { expect } from "@effect/vitest"
import { sceneDetector } from "@vigil/fixtures/onnx/SceneDetector"
import { Effect } from "effect"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { temporaryFolder, vigil } from "./Vigil.js"

/** Answers a folder for `VIGIL_DATA` in which the detector of scenes is installed. */
export const installDetector = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  const { bytes, descriptor } = sceneDetector()
  const file = join(folder, "scene.onnx")
  yield* Effect.promise(() => writeFile(file, bytes))
  yield* Effect.promise(() => writeFile(`${file}.json`, JSON.stringify(descriptor)))
  const imported = yield* vigil(["models", "import", file, "--descriptor", `${file}.json`], { VIGIL_DATA: folder })
  expect(imported).toMatchObject({ code: 0 })
  return folder
})
