import { describe, expect, layer } from "@effect/vitest"
import type { BusMessage } from "@vigil/core/BusMessage"
import { defaultTenant, PlaceId } from "@vigil/core/Ids"
import { Outbox } from "@vigil/core/port/Outbox"
import { SettingStore } from "@vigil/core/port/SettingStore"
import { Effect, type Layer } from "effect"
import { otherTenant } from "../Samples.js"

/** What waits to be published, and then does no more. */
const told = Effect.gen(function* () {
  const { relay } = yield* Outbox
  const messages: Array<BusMessage> = []
  const publish = (message: BusMessage) => Effect.sync(() => messages.push(message) > 0)
  while ((yield* relay(publish)) > 0);
  return messages
})

/** What every store of settings must do; `stores` must know the tenants `defaultTenant` and `otherTenant`. */
export const settingStoreConformance = <E>(name: string, stores: Layer.Layer<SettingStore | Outbox, E>): void => {
  describe(`SettingStore: ${name}`, () => {
    layer(stores, { excludeTestServices: true })((it) => {
      it.effect("knows nothing at first", () =>
        Effect.gen(function* () {
          const store = yield* SettingStore
          expect(yield* store.system).toEqual({ values: {}, revision: 0 })
          expect((yield* store.ofTenant(defaultTenant)).tenant).toEqual({ values: {}, revision: 0 })
        })
      )

      it.effect("sets, changes and takes away, one revision after the other, each tenant for itself", () =>
        Effect.gen(function* () {
          const store = yield* SettingStore
          const scope = { level: "tenant" } as const
          yield* store.change(defaultTenant, scope, {
            "segment.duration": 3,
            "notification.quietHours": [{ from: "22:00", to: "06:00" }]
          })
          const second = yield* store.change(defaultTenant, scope, { "segment.duration": null, "detection.gate": "always" })
          expect(second).toEqual({
            values: { "notification.quietHours": [{ from: "22:00", to: "06:00" }], "detection.gate": "always" },
            revision: 2
          })
          expect((yield* store.ofTenant(defaultTenant)).tenant).toEqual(second)
          expect((yield* store.ofTenant(otherTenant)).tenant).toEqual({ values: {}, revision: 0 })
          yield* store.change(otherTenant, scope, { "segment.duration": 9 })
          expect((yield* store.ofTenant(otherTenant)).tenant).toEqual({ values: { "segment.duration": 9 }, revision: 1 })
          expect((yield* store.ofTenant(defaultTenant)).tenant).toEqual(second)
        })
      )

      it.effect("has one system for all, whoever changes it", () =>
        Effect.gen(function* () {
          const store = yield* SettingStore
          yield* store.change(defaultTenant, { level: "system" }, { "segment.duration": 2 })
          yield* store.change(otherTenant, { level: "system" }, { "segment.overlap": 1 })
          expect(yield* store.system).toEqual({ values: { "segment.duration": 2, "segment.overlap": 1 }, revision: 2 })
          expect((yield* store.ofTenant(defaultTenant)).tenant.values).not.toHaveProperty("segment.duration")
        })
      )

      it.effect("refuses a change of what somebody else has changed since, and too many settings", () =>
        Effect.gen(function* () {
          const store = yield* SettingStore
          const scope = { level: "system" } as const
          const { revision } = yield* store.change(defaultTenant, scope, { "buffer.seconds": 10 })
          expect((yield* store.change(defaultTenant, scope, { "buffer.seconds": 11 }, revision)).revision).toBe(revision + 1)
          const stale = yield* Effect.flip(store.change(defaultTenant, scope, { "buffer.seconds": 12 }, revision))
          expect(stale).toMatchObject({ _tag: "SettingsRefused", reason: "revision" })
          const many = Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`model.m${index}.confidence`, 0.5]))
          expect(yield* Effect.flip(store.change(defaultTenant, scope, many))).toMatchObject({ reason: "too-many" })
          expect((yield* store.system).values["buffer.seconds"]).toBe(11)
        })
      )

      it.effect("loses no change of those made at the same time", () =>
        Effect.gen(function* () {
          const store = yield* SettingStore
          const keys = Array.from({ length: 20 }, (_, index) => `model.at-once-${index}.confidence`)
          const { revision } = yield* store.system
          yield* Effect.forEach(keys, (key) => store.change(defaultTenant, { level: "system" }, { [key]: 0.5 }), {
            concurrency: "unbounded"
          })
          const { revision: after, values } = yield* store.system
          expect(after).toBe(revision + 20)
          expect(Object.keys(values)).toEqual(expect.arrayContaining(keys))
        })
      )

      it.effect("knows no site of nobody's", () =>
        Effect.gen(function* () {
          const store = yield* SettingStore
          const site = PlaceId.make(crypto.randomUUID())
          const error = yield* Effect.flip(store.change(defaultTenant, { level: "site", site }, { "segment.duration": 2 }))
          expect(error._tag).toBe("PlaceNotFound")
        })
      )

      it.effect("tells the bus of each change, and of none that was refused", () =>
        Effect.gen(function* () {
          const store = yield* SettingStore
          yield* told
          yield* store.change(otherTenant, { level: "tenant" }, { "segment.duration": 4 })
          yield* store.change(otherTenant, { level: "system" }, { "segment.duration": 4 })
          yield* Effect.flip(store.change(otherTenant, { level: "system" }, { "segment.duration": 5 }, 1))
          const { revision } = yield* store.system
          const same = yield* store.change(otherTenant, { level: "system" }, { "segment.duration": 4, "segment.overlap": 1 })
          expect(same.revision).toBe(revision)
          expect(yield* told).toMatchObject([
            { type: "settings.changed", level: "tenant", tenantId: otherTenant },
            { type: "settings.changed", level: "system" }
          ])
        })
      )
    })
  })
}
