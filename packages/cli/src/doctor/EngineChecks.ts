import { sourceConfig } from "@vigil/core/Source"
import { ModelDescriptor } from "@vigil/core/Model"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { sceneDetector } from "@vigil/fixtures/onnx/SceneDetector"
import { analyse } from "@vigil/runtime/Analysis"
import { startAnalytic } from "@vigil/runtime/analytics/Analytics"
import * as ModelRepository from "@vigil/runtime/model/ModelRepository"
import { isNetworkless } from "@vigil/runtime/model/Sandbox"
import { testRun } from "@vigil/runtime/model/TestRun"
import { AnalyticAssignment } from "@vigil/core/Analytic"
import { Effect, Schema } from "effect"
import { existsSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Media from "../Media.js"
import { type Check, fail, pass, warn } from "./Finding.js"
import { tinyClip } from "./TinyClip.js"

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "vigil-doctor-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** A file that lives as long as the scope. */
const temporaryFile = (name: string, content: Uint8Array) =>
  Effect.gen(function* () {
    const file = join(yield* temporaryFolder, name)
    yield* Effect.promise(() => writeFile(file, content))
    return file
  })

const decodeTinyClip = Effect.gen(function* () {
  const file = yield* temporaryFile("clip.mp4", tinyClip.bytes())
  const assignment = yield* Schema.decode(AnalyticAssignment)({ analytic: "motion", settings: {} })
  const motion = yield* startAnalytic(assignment, { zones: [], lines: [] })
  const source = sourceConfig(pathToFileURL(file).href, { pace: "as-fast-as-possible" })
  return yield* analyse(source, { model: undefined, analytics: [motion], framesPerSecond: 30 }, () => undefined)
}).pipe(Effect.scoped, Effect.provide(Media.layer), Effect.timeout("20 seconds"))

/** FFmpeg's libraries through beamcoder, in a media worker process as cameras have one. */
export const decoder: Check = Effect.match(decodeTinyClip, {
  onSuccess: ({ framesDecoded }) =>
    framesDecoded === tinyClip.frames
      ? pass("decoder", `a media worker decoded ${framesDecoded} frames of H.264`)
      : fail("decoder", `${framesDecoded} of ${tinyClip.frames} frames of a small clip came out`, "Run `npm run build` again."),
  onFailure: ({ message }) =>
    fail("decoder", message, "Run `npm start` or `npm run build`: it builds the FFmpeg binding, and names missing packages.")
})

const runTinyModel = Effect.gen(function* () {
  const { bytes, descriptor } = sceneDetector()
  const file = yield* temporaryFile("model.onnx", bytes)
  yield* testRun(yield* Schema.decode(ModelDescriptor)(descriptor), file, false)
}).pipe(Effect.scoped)

/** ONNX Runtime in a process of its own, as models are tried before they are installed. */
export const inference: Check = Effect.match(runTinyModel, {
  onSuccess: () => pass("inference", "ONNX Runtime loaded and ran a small model"),
  onFailure: ({ message }) => fail("inference", message, "Run `npm install` again; onnxruntime-node needs glibc 2.28 or later.")
})

/** How much of a sandbox this machine allows for files that tenants send. */
export const sandbox: Check = Effect.map(isNetworkless, (networkless) =>
  networkless
    ? pass("sandbox", "model files that tenants send are tried without rights and without a network")
    : warn(
        "sandbox",
        "model files that tenants send are tried without rights, but this machine does not take the network from them",
        "Let ordinary programs make namespaces (util-linux's unshare, kernel.unprivileged_userns_clone), or set VIGIL_MODEL_LIMIT=0."
      )
)

const inspectModels = Effect.gen(function* () {
  const catalogue = yield* ModelCatalogue
  const present = (yield* catalogue.list).filter(({ installed }) => installed).map(({ descriptor }) => descriptor.id)
  yield* Effect.forEach(present, catalogue.installed, { discard: true })
  return present
})

const noModels = warn(
  "models",
  "none is installed: only motion and tampering are found",
  "`vigil models list` tells what is known; `vigil models import FILE` or `pull ID` installs one."
)

/** Installed models, and whether their files are still those that were installed. */
export const models = (dataFolder: string): Check => {
  const folder = join(dataFolder, "models")
  if (!existsSync(folder)) return Effect.succeed(noModels)
  return inspectModels.pipe(
    Effect.provide(ModelRepository.layer({ folder })),
    Effect.match({
      onSuccess: (present) => (present.length === 0 ? noModels : pass("models", `${present.join(", ")}: checksums are right`)),
      onFailure: ({ message }) => fail("models", message, "Remove it with `vigil models remove`, and install it again.")
    })
  )
}
