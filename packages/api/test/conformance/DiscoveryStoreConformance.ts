import { describe, expect, layer } from "@effect/vitest"
import { Discovery, type FoundDevice } from "@vigil/core/Discovery"
import { defaultTenant, type DiscoveryId } from "@vigil/core/Ids"
import { DiscoveryStore } from "@vigil/core/port/DiscoveryStore"
import { DateTime, Effect, type Layer } from "effect"
import { newDiscovery, otherTenant } from "../Samples.js"

const device: FoundDevice = {
  key: "192.0.2.7:554",
  kind: "rtsp",
  address: "192.0.2.7",
  name: "Gate",
  needsCredentials: false,
  streams: [{ url: "rtsp://192.0.2.7/stream1", codec: "H264" }]
}

/** What every store of discoveries must do; `stores` must know the tenants `defaultTenant` and `otherTenant`. */
export const discoveryStoreConformance = <E>(name: string, stores: Layer.Layer<DiscoveryStore, E>): void => {
  describe(`DiscoveryStore: ${name}`, () => {
    layer(stores, { excludeTestServices: true })((it) => {
      it.effect("keeps what is reported, until it is over", () =>
        Effect.gen(function* () {
          const store = yield* DiscoveryStore
          const discovery = yield* newDiscovery()
          yield* store.add(discovery)
          expect(yield* store.get(defaultTenant, discovery.id)).toEqual(discovery)
          const further = Discovery.make({ ...discovery, progress: { done: 7, total: 256 }, devices: [device] })
          expect(yield* store.report(further)).toBe(true)
          expect(yield* store.get(defaultTenant, discovery.id)).toEqual(further)
          const over = Discovery.make({ ...further, state: "done" })
          expect(yield* store.report(over)).toBe(true)
          expect(yield* store.report(further)).toBe(false)
          expect(yield* store.get(defaultTenant, discovery.id)).toEqual(over)
          expect(yield* store.cancel(defaultTenant, discovery.id)).toEqual(over)
        })
      )

      it.effect("shows no secret that devices tell in their addresses, and has it for whoever makes cameras of them", () =>
        Effect.gen(function* () {
          const store = yield* DiscoveryStore
          const discovery = yield* newDiscovery()
          yield* store.add(discovery)
          const streams = [{ url: "rtsp://192.0.2.7/user=admin_password=geheim_channel=1.sdp" }]
          const found = Discovery.make({ ...discovery, devices: [{ ...device, streams }] })
          yield* store.report(found)
          const shown = yield* store.get(defaultTenant, discovery.id)
          expect(shown.devices[0]?.streams).toEqual([{ url: "rtsp://192.0.2.7/user=***_password=***_channel=1.sdp" }])
          expect(yield* store.whole(defaultTenant, discovery.id)).toEqual(found)
          expect((yield* store.list(defaultTenant))[0]).toEqual(shown)
          const cancelled = yield* store.cancel(defaultTenant, discovery.id)
          expect(cancelled).toEqual(Discovery.make({ ...shown, state: "cancelled" }))
          expect(yield* store.whole(defaultTenant, discovery.id)).toEqual(Discovery.make({ ...found, state: "cancelled" }))
          expect(yield* Effect.flip(store.whole(otherTenant, discovery.id))).toMatchObject({ _tag: "DiscoveryNotFound" })
        })
      )

      it.effect("has one under way for each tenant, and tells whoever runs it that it was cancelled", () =>
        Effect.gen(function* () {
          const store = yield* DiscoveryStore
          const both = [yield* newDiscovery(), yield* newDiscovery()]
          const outcomes = yield* Effect.forEach(both, (discovery) => Effect.either(store.add(discovery)), { concurrency: 2 })
          expect(outcomes.map(({ _tag }) => _tag).sort()).toEqual(["Left", "Right"])
          const [running] = (yield* store.list(defaultTenant)).filter(({ state }) => state === "running")
          if (running === undefined) throw new Error("none is under way")
          expect(yield* Effect.flip(store.add(yield* newDiscovery()))).toMatchObject({
            _tag: "DiscoveryRefused",
            reason: "running"
          })
          const theirs = yield* newDiscovery({ tenantId: otherTenant })
          yield* store.add(theirs)
          for (const gone of [store.get(defaultTenant, theirs.id), store.cancel(defaultTenant, theirs.id)]) {
            expect(yield* Effect.flip(gone)).toMatchObject({ _tag: "DiscoveryNotFound", discoveryId: theirs.id })
          }
          expect((yield* store.list(defaultTenant)).map(({ id }) => id)).not.toContain(theirs.id)
          expect((yield* store.cancel(defaultTenant, running.id)).state).toBe("cancelled")
          expect(yield* store.report(Discovery.make({ ...running, devices: [device] }))).toBe(false)
          expect((yield* store.get(otherTenant, theirs.id)).state).toBe("running")
          yield* store.cancel(otherTenant, theirs.id)
        })
      )

      it.effect("takes one that nobody has heard of for failed, and lets the next one start", () =>
        Effect.gen(function* () {
          const store = yield* DiscoveryStore
          const long = DateTime.subtract(yield* DateTime.now, { minutes: 1 })
          const lost = yield* newDiscovery({ updatedAt: long, startedAt: long })
          yield* store.add(lost)
          expect(yield* store.get(defaultTenant, lost.id)).toMatchObject({
            state: "failed",
            detail: expect.stringMatching(/gone/)
          })
          const next = yield* newDiscovery()
          yield* store.add(next)
          yield* store.report(Discovery.make({ ...next, state: "done" }))
        })
      )

      it.effect("keeps the newest twenty, newest first", () =>
        Effect.gen(function* () {
          const store = yield* DiscoveryStore
          const ids: Array<DiscoveryId> = []
          for (let i = 0; i < 23; i++) {
            const at = DateTime.add(yield* DateTime.now, { seconds: i + 1 })
            const discovery = yield* newDiscovery({ startedAt: at })
            yield* store.add(discovery)
            yield* store.report(Discovery.make({ ...discovery, state: "done" }))
            ids.unshift(discovery.id)
          }
          expect((yield* store.list(defaultTenant)).map(({ id }) => id)).toEqual(ids.slice(0, 20))
        })
      )
    })
  })
}
