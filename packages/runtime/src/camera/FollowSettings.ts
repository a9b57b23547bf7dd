import { Settings } from "@vigil/core/settings/Settings"
import { Effect, Layer, Stream } from "effect"
import { CameraActors } from "./CameraActors.js"

/** Actors that are brought to changed settings at a time. */
const concurrency = 16

/** Has the cameras of this node follow whenever other settings hold for them. */
export const layer: Layer.Layer<never, never, Settings | CameraActors> = Layer.scopedDiscard(
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
