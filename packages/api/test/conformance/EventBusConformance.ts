import { describe, expect, layer } from "@effect/vitest"
import { EventBus } from "@vigil/core/port/EventBus"
import { Chunk, Effect, type Layer, Stream } from "effect"
import { anyCameraId, entry } from "../Samples.js"

/** What every bus must do; `capacity` is how far a subscriber may be behind. */
export const eventBusConformance = <E>(name: string, bus: Layer.Layer<EventBus, E>, capacity: number): void => {
  describe(`EventBus: ${name}`, () => {
    layer(bus, { timeout: 30_000, excludeTestServices: true })((it) => {
      const entries = (count: number) => {
        const cameraId = anyCameraId()
        return Array.from({ length: count }, (_, index) => entry(cameraId, index + 1))
      }

      it.scoped("brings every subscriber everything from its subscription on", () =>
        Effect.gen(function* () {
          const { publish, subscribe } = yield* EventBus
          const [before, ...after] = entries(4)
          if (before !== undefined) yield* publish([before])
          const streams = [yield* subscribe, yield* subscribe]
          yield* publish(after)
          for (const stream of streams) {
            const got = yield* stream.pipe(Stream.take(3), Stream.runCollect)
            expect(Chunk.toReadonlyArray(got)).toEqual(after)
          }
        })
      )

      it.scoped("costs a slow subscriber its own oldest entries only, and no publisher waits", () =>
        Effect.gen(function* () {
          const { publish, subscribe } = yield* EventBus
          const slow = yield* subscribe
          const all = entries(capacity + 10)
          yield* publish(all)
          const got = yield* slow.pipe(Stream.take(capacity), Stream.runCollect)
          expect(Chunk.toReadonlyArray(got)).toEqual(all.slice(10))
        })
      )

      it.effect("ends a subscription with its scope", () =>
        Effect.gen(function* () {
          const { publish, subscribe } = yield* EventBus
          const stream = yield* Effect.scoped(subscribe)
          yield* publish(entries(2))
          expect(Chunk.size(yield* Stream.runCollect(stream))).toBe(0)
        })
      )
    })
  })
}
