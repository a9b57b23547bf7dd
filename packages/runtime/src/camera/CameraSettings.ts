import type { Camera } from "@vigil/core/Camera"
import { type CameraRun, cameraRun } from "@vigil/core/settings/CameraSettings"
import { Settings } from "@vigil/core/settings/Settings"
import { Context, Effect, Layer, Stream } from "effect"
import { CameraActors } from "./CameraActors.js"

/** What a camera is to run with; where nobody keeps settings for more than one camera, its own. */
export class CameraSettings extends Context.Reference<CameraSettings>()("@vigil/runtime/CameraSettings", {
  defaultValue: () => ({ run: (camera: Camera): Effect.Effect<CameraRun> => Effect.succeed(cameraRun(camera, [])) })
}) {
  static readonly layer: Layer.Layer<CameraSettings, never, Settings> = Layer.effect(
    CameraSettings,
    Effect.map(Settings, ({ run }) => ({ run }))
  )
}

/** Actors that are brought to changed settings at a time. */
const concurrency = 16

/** Has the cameras of this node follow whenever other settings hold for them. */
export const layerFollow: Layer.Layer<never, never, Settings | CameraActors> = Layer.scopedDiscard(
  Effect.gen(function* () {
    const { changes, keepUp } = yield* Settings
    const actors = yield* CameraActors
    yield* keepUp(() => new Set([...actors.values()].map(({ tenantId }) => tenantId)))
    yield* changes.pipe(
      Stream.runForEach((who) =>
        Effect.forEach(
          [...actors.values()].filter(({ tenantId }) => who === "everybody" || who === tenantId),
          ({ follow }) => follow,
          { concurrency, discard: true }
        )
      ),
      Effect.forkScoped
    )
  })
)
