import type { CameraId } from "@vigil/core/Ids"
import { Context, Deferred, Effect, Layer, type Scope } from "effect"
import type { PublisherConnection } from "./PublisherConnection.js"

/** Where a camera's source and its publisher meet, whichever of them comes first. */
export class WhipDoor extends Context.Tag("@vigil/runtime/WhipDoor")<
  WhipDoor,
  {
    /** The next publisher of the camera. What was received is ended with the scope. */
    readonly wait: (camera: CameraId) => Effect.Effect<PublisherConnection, never, Scope.Scope>
    /** Whether a source stands at the door. */
    readonly isAwaited: (camera: CameraId) => boolean
    /** Leads a publisher to the camera's source. Interrupted before it was taken, it was never there. */
    readonly bring: (camera: CameraId, connection: PublisherConnection) => Effect.Effect<void>
  }
>() {
  static readonly layer: Layer.Layer<WhipDoor> = Layer.sync(WhipDoor, () => {
    const waiting = new Map<CameraId, Deferred.Deferred<PublisherConnection>>()
    const arrived = new Map<CameraId, { readonly connection: PublisherConnection; readonly taken: Deferred.Deferred<void> }>()

    const meet = (camera: CameraId) =>
      Effect.suspend(() => {
        const source = waiting.get(camera)
        const publisher = arrived.get(camera)
        if (source === undefined || publisher === undefined) return Effect.void
        waiting.delete(camera)
        arrived.delete(camera)
        return Effect.zipRight(Deferred.succeed(source, publisher.connection), Deferred.succeed(publisher.taken, undefined))
      })

    return WhipDoor.of({
      wait: (camera) =>
        Effect.gen(function* () {
          const source = yield* Deferred.make<PublisherConnection>()
          yield* Effect.acquireRelease(
            Effect.sync(() => waiting.set(camera, source)),
            () =>
              Effect.sync(() => {
                if (waiting.get(camera) === source) waiting.delete(camera)
              })
          )
          yield* meet(camera)
          return yield* Effect.acquireRelease(Effect.interruptible(Deferred.await(source)), (connection) =>
            Effect.sync(() => connection.end("The camera was stopped or its source opened anew"))
          )
        }),
      isAwaited: (camera) => waiting.has(camera),
      bring: (camera, connection) =>
        Effect.gen(function* () {
          const taken = yield* Deferred.make<void>()
          arrived.set(camera, { connection, taken })
          yield* meet(camera)
          yield* Deferred.await(taken)
        }).pipe(
          Effect.onInterrupt(() =>
            Effect.sync(() => {
              if (arrived.get(camera)?.connection === connection) arrived.delete(camera)
            })
          )
        )
    })
  })
}
