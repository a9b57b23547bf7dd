import { NewCamera } from "@vigil/core/Camera"
import { defaultTenant } from "@vigil/core/Ids"
import { ModelDescriptor } from "@vigil/core/Model"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { sceneDetector } from "@vigil/fixtures/onnx/SceneDetector"
import type { Scene } from "@vigil/fixtures/scene/Scene"
import { sceneFiles } from "@vigil/fixtures/scene/SceneFile"
import { scenes } from "@vigil/fixtures/scene/SceneLibrary"
import { Effect, Option, Schema } from "effect"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const titles: Readonly<Record<string, string>> = {
  yard: "Yard",
  street: "Street",
  corridor: "Corridor",
  tamper: "Yard, tampered with"
}

const titleOf = ({ name }: Scene): string => titles[name] ?? name

const shown = scenes.filter(({ name }) => name in titles)

/** Runs the simulator until the scope closes; answers with an address for each scene. */
export const simulateCameras = Effect.gen(function* () {
  const [first, ...others] = (yield* sceneFiles(shown)).map(({ video }) => video)
  if (first === undefined) return yield* Effect.dieMessage("the demonstration has no scenes")
  return (yield* spawnCameras({ files: [first, ...others], count: shown.length })).urls
})

/** The scene detector is part of the demonstration only, so it is installed into the demonstration's own folder. */
export const installDetector = Effect.gen(function* () {
  const catalogue = yield* ModelCatalogue
  const { bytes, descriptor } = sceneDetector()
  const decoded = yield* Schema.decode(ModelDescriptor)(descriptor)
  const installed = yield* Effect.option(catalogue.installed(decoded.id))
  if (Option.isSome(installed) && installed.value.descriptor.sha256 === decoded.sha256) return
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "vigil-demo-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
  )
  const file = join(folder, "scene-detector.onnx")
  yield* Effect.promise(() => writeFile(file, bytes))
  yield* catalogue.install(decoded, file)
}).pipe(Effect.scoped)

/** The demonstration's cameras of an earlier start. */
const knownCameras = Effect.gen(function* () {
  const known = yield* (yield* CameraStore).list(defaultTenant)
  return shown.flatMap((scene) => {
    const camera = known.find(({ name }) => name === titleOf(scene))
    return camera === undefined ? [] : [{ scene, camera }]
  })
})

/** Keeps cameras of an earlier start from looking for a simulator that is gone. */
export const pauseCameras = Effect.gen(function* () {
  const store = yield* CameraStore
  yield* Effect.forEach(yield* knownCameras, ({ camera }) => store.update(defaultTenant, camera.id, { enabled: false }), {
    discard: true
  })
})

const newCamera = (scene: Scene, url: string) =>
  Schema.decode(NewCamera)({
    name: titleOf(scene),
    url,
    zones: scene.zones,
    detection: { framesPerSecond: 5, gate: "motion" }
  })

/** The cameras as they should be now: the simulator's ports change from start to start. */
export const configureCameras = (urls: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const store = yield* CameraStore
    const known = yield* knownCameras
    const configure = (scene: Scene, index: number) =>
      Effect.gen(function* () {
        const url = urls[index] ?? ""
        const before = known.find((each) => each.scene === scene)
        return before === undefined
          ? yield* store.create(defaultTenant, yield* newCamera(scene, url))
          : yield* store.update(defaultTenant, before.camera.id, { url, enabled: true })
      })
    return yield* Effect.forEach(shown, configure)
  })
