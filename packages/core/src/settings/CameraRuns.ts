import { Context, Effect, Layer } from "effect"
import type { Camera } from "../Camera.js"
import { type CameraRun, cameraRun } from "./CameraSettings.js"
import { Settings } from "./Settings.js"

/** What cameras run with; where nobody keeps settings for more than one camera, what is each one's own. */
export class CameraRuns extends Context.Reference<CameraRuns>()("@vigil/core/CameraRuns", {
  defaultValue: () => ({ run: (camera: Camera): Effect.Effect<CameraRun> => Effect.succeed(cameraRun(camera, [])) })
}) {
  static readonly layer: Layer.Layer<CameraRuns, never, Settings> = Layer.effect(
    CameraRuns,
    Effect.map(Settings, ({ run }) => ({ run }))
  )
}
