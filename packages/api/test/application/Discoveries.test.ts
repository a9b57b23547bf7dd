import { describe, expect, it } from "@effect/vitest"
import { Discoveries } from "@vigil/api/application/Discoveries"
import type { DiscoveryRequest, FoundDevice } from "@vigil/core/Discovery"
import { defaultTenant } from "@vigil/core/Ids"
import { layerDiscoveryStoreMemory } from "@vigil/core/memory/DiscoveryStoreMemory"
import { DiscoveryStore } from "@vigil/core/port/DiscoveryStore"
import { NetworkScanner, type ScanListener } from "@vigil/core/port/NetworkScanner"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Effect, Exit, Layer, Logger, LogLevel, Schedule, Scope } from "effect"

const device: FoundDevice = {
  key: "192.168.7.7:554",
  kind: "rtsp",
  address: "192.168.7.7",
  name: "Gate",
  needsCredentials: false,
  streams: []
}
const request: DiscoveryRequest = { onvif: false, ranges: ["192.168.7.0/24"], ports: [554], paths: [] }

const scannerThat = (run: (listener: ScanListener) => Effect.Effect<void>) =>
  Layer.succeed(NetworkScanner, { plan: () => Effect.succeed({ total: 2, run }) })

const eventually = <A, E>(look: Effect.Effect<A, E>, holds: (found: A) => boolean) =>
  look.pipe(
    Effect.filterOrFail(holds, (found) => new Error(`did not come about: ${JSON.stringify(found)}`)),
    Effect.retry(Schedule.spaced("50 millis").pipe(Schedule.intersect(Schedule.recurs(200))))
  )

describe("discoveries of a node", () => {
  it.scopedLive("are written down as failed, with what was found, when the node stops", () =>
    Effect.gen(function* () {
      const store = yield* DiscoveryStore
      const scope = yield* Scope.make()
      const scanner = scannerThat(({ onDevice, onDone }) => {
        onDevice(device)
        onDone(1)
        return Effect.never
      })
      const running = yield* Layer.buildWithScope(Discoveries.Default.pipe(Layer.provide(scanner)), scope)
      const { id } = yield* Effect.flatMap(Discoveries, ({ start }) => start(defaultTenant, "zoë", request)).pipe(
        Effect.provide(running)
      )
      yield* eventually(store.get(defaultTenant, id), ({ progress }) => progress.done === 1)
      expect(yield* store.get(defaultTenant, id)).toMatchObject({ state: "running", devices: [device] })
      yield* Scope.close(scope, Exit.void)
      expect(yield* store.get(defaultTenant, id)).toMatchObject({
        state: "failed",
        detail: expect.stringMatching(/stopped/),
        devices: [device],
        progress: { done: 1, total: 2 }
      })
    }).pipe(Effect.provide(layerDiscoveryStoreMemory))
  )

  it.scopedLive("go on while the database is away, and are written down when it is back", () =>
    Effect.gen(function* () {
      let isAway = false
      let missed = 0
      const layerFlaky = layerDiscoveryStoreMemory.pipe(
        Layer.project(DiscoveryStore, DiscoveryStore, (store) => ({
          ...store,
          report: (discovery) =>
            Effect.suspend(() => {
              if (!isAway) return store.report(discovery)
              missed++
              return Effect.fail(new StoreUnavailable({ operation: "report", detail: "away" }))
            })
        }))
      )
      yield* Effect.gen(function* () {
        const store = yield* DiscoveryStore
        const { start } = yield* Discoveries
        isAway = true
        const { id } = yield* start(defaultTenant, "zoë", request)
        yield* eventually(
          Effect.sync(() => missed),
          (times) => times >= 2
        )
        expect((yield* store.get(defaultTenant, id)).progress.done).toBe(0)
        isAway = false
        expect(yield* eventually(store.get(defaultTenant, id), ({ state }) => state === "done")).toMatchObject({
          devices: [device],
          progress: { done: 2, total: 2 }
        })
      }).pipe(
        Effect.provide(
          Discoveries.Default.pipe(
            Layer.provide(
              scannerThat(({ onDevice, onDone }) => {
                onDevice(device)
                onDone(2)
                return Effect.repeat(Effect.sleep("50 millis"), { until: () => !isAway })
              })
            ),
            Layer.provideMerge(layerFlaky)
          )
        ),
        Logger.withMinimumLogLevel(LogLevel.None)
      )
    })
  )
})
