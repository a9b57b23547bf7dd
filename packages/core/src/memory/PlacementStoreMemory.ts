import { DateTime, Effect, Layer, PubSub, Stream } from "effect"
import type { CameraId } from "../Ids.js"
import { type PlacementOverride, type PlacementRefusal, PlacementStore } from "../port/PlacementStore.js"

/** Placement within this process. */
const make = Effect.gen(function* () {
  const overrides = new Map<CameraId, PlacementOverride>()
  let refusals: ReadonlyArray<PlacementRefusal> = []
  const changed = yield* PubSub.sliding<void>(1)
  const tell = PubSub.publish(changed, undefined)

  return PlacementStore.of({
    overrides: Effect.sync(() => [...overrides.values()]),
    place: (cameras, node) =>
      DateTime.now.pipe(
        Effect.map((movedAt) => {
          for (const cameraId of cameras) {
            overrides.set(cameraId, { cameraId, node, moves: (overrides.get(cameraId)?.moves ?? 0) + 1, movedAt })
          }
        }),
        Effect.zipRight(tell)
      ),
    withdraw: (cameras, node) =>
      Effect.sync(() => cameras.filter((id) => overrides.get(id)?.node === node && overrides.delete(id))).pipe(
        Effect.zipLeft(tell)
      ),
    refusals: Effect.sync(() => refusals),
    refuse: (node, refused) =>
      DateTime.now.pipe(
        Effect.map((at) => {
          const before = refusals
          const since = ({ cameraId, reason }: Pick<PlacementRefusal, "cameraId" | "reason">) =>
            before.find((known) => known.node === node && known.cameraId === cameraId && known.reason === reason)?.at ?? at
          refusals = [
            ...before.filter((known) => known.node !== node),
            ...refused.map((one) => ({ ...one, node, at: since(one) }))
          ]
        }),
        Effect.zipRight(tell)
      ),
    accept: (cameras) =>
      Effect.sync(() => {
        const running = new Set(cameras)
        refusals = refusals.filter(({ cameraId }) => !running.has(cameraId))
      }).pipe(Effect.zipRight(tell)),
    changes: Stream.fromPubSub(changed)
  })
})

export const layerPlacementStoreMemory: Layer.Layer<PlacementStore> = Layer.effect(PlacementStore, make)
