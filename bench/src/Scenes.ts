import type { ModelDescriptor } from "@vigil/core/Model"
import { sceneDetector } from "@vigil/fixtures/onnx/SceneDetector"
import type { Scene } from "@vigil/fixtures/scene/Scene"
import { sceneFiles } from "@vigil/fixtures/scene/SceneFile"
import { street, yard } from "@vigil/fixtures/scene/SceneLibrary"
import { Effect } from "effect"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A folder that goes with the scope. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "vigil-bench-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** The scenes that cameras of benchmarks show, 640x480 at 15 a second; with the frame's number in the picture. */
export const countedScenes: readonly [Scene, Scene] = [
  { ...yard, name: "yard-counted", frameCounter: true },
  { ...street, name: "street-counted", frameCounter: true }
]

export const videosOf = (scenes: readonly [Scene, ...ReadonlyArray<Scene>]) =>
  Effect.map(sceneFiles(scenes), (files): readonly [string, ...ReadonlyArray<string>] => {
    const [first = "", ...others] = files.map(({ video }) => video)
    return [first, ...others]
  })

/** The detector of rendered scenes as a file in `folder`. */
export const sceneDetectorIn = (
  folder: string
): Effect.Effect<{ readonly descriptor: typeof ModelDescriptor.Encoded; readonly file: string }> =>
  Effect.promise(async () => {
    const { bytes, descriptor } = sceneDetector()
    const file = join(folder, "scene-detector.onnx")
    await writeFile(file, bytes)
    return { descriptor, file }
  })
