import { describe, expect, it } from "@effect/vitest"
import { type Camera, NewCamera } from "@vigil/core/Camera"
import { newRecord } from "@vigil/core/CameraRecord"
import { CameraId, defaultTenant, TenantId } from "@vigil/core/Ids"
import { makeBusMemory } from "@vigil/core/memory/BusMemory"
import { makeOutboxMemory } from "@vigil/core/memory/OutboxMemory"
import { makeSettingStoreMemory } from "@vigil/core/memory/SettingStoreMemory"
import { Bus } from "@vigil/core/port/Bus"
import { SettingStore } from "@vigil/core/port/SettingStore"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Settings, type SettingsHint } from "@vigil/core/settings/Settings"
import { DateTime, Deferred, Effect, Either, Layer, Schema, Stream, TestClock } from "effect"

const another = TenantId.make("00000000-0000-4000-8000-000000000002")

const camera = (tenant = defaultTenant): Camera =>
  Either.getOrThrow(
    newRecord(
      tenant,
      CameraId.make(crypto.randomUUID()),
      Schema.decodeSync(NewCamera)({ name: "Gate", url: "rtsp://192.0.2.7/live" }),
      DateTime.unsafeMake(0)
    )
  ).camera

const away = new StoreUnavailable({ operation: "read settings", detail: "connection refused" })

/** A store that counts what is read, and can be away; the changes of which are not published. */
const site = Effect.gen(function* () {
  const store = makeSettingStoreMemory(yield* makeOutboxMemory)
  const bus = makeBusMemory()
  const watched = { reads: 0, isAway: false, hold: undefined as Deferred.Deferred<void> | undefined }
  const read = <A>(values: Effect.Effect<A, StoreUnavailable>) =>
    Effect.gen(function* () {
      watched.reads++
      if (watched.isAway) return yield* away
      const found = yield* values
      if (watched.hold !== undefined) yield* Deferred.await(watched.hold)
      return found
    })
  const counting: typeof SettingStore.Service = {
    system: read(store.system),
    ofTenant: (tenant) => read(store.ofTenant(tenant)),
    change: store.change
  }
  const context = yield* Layer.build(
    Settings.layer.pipe(Layer.provide(Layer.merge(Layer.succeed(SettingStore, counting), Layer.succeed(Bus, bus))))
  )
  const settings = yield* Effect.provide(Settings, context)
  const hints: Array<SettingsHint> = []
  yield* Effect.forkScoped(Stream.runForEach(settings.changes, (who) => Effect.sync(() => hints.push(who))))
  const duration = (of = camera()) => Effect.map(settings.run(of), ({ camera: { segment } }) => segment.duration)
  const set = (seconds: number | null, level: "system" | "tenant" = "tenant", tenant = defaultTenant) =>
    store.change(tenant, { level }, { "segment.duration": seconds })
  // The follower of the bus and of the changes begin.
  yield* TestClock.adjust("1 millis")
  return { bus, duration, hints, set, settings, watched }
})

describe("Settings", () => {
  it.scoped("are read once, and remembered for five minutes", () =>
    Effect.gen(function* () {
      const { duration, set, watched } = yield* site
      expect(yield* duration()).toBe(5)
      expect(watched.reads).toBe(2)
      yield* Effect.replicateEffect(duration(), 1000, { concurrency: "unbounded", discard: true })
      expect(watched.reads).toBe(2)
      yield* set(3)
      expect(yield* duration()).toBe(5)
      yield* TestClock.adjust("5 minutes")
      expect(yield* duration()).toBe(3)
    })
  )

  it.scoped("are read once for all who ask at the same time", () =>
    Effect.gen(function* () {
      const { duration, watched } = yield* site
      yield* Effect.replicateEffect(duration(), 100, { concurrency: "unbounded", discard: true })
      expect(watched.reads).toBe(2)
    })
  )

  it.scoped("are read again in the background before they are too old, as long as somebody asks for them", () =>
    Effect.gen(function* () {
      const { duration, hints, set, watched } = yield* site
      yield* duration()
      yield* TestClock.adjust("3 minutes")
      yield* duration()
      yield* set(3)
      const before = watched.reads
      yield* TestClock.adjust("75 seconds")
      expect(watched.reads).toBe(before + 2)
      expect(hints).toEqual([defaultTenant])
      expect(yield* duration()).toBe(3)
      expect(watched.reads).toBe(before + 2)
      yield* TestClock.adjust("20 minutes")
      const idle = watched.reads
      yield* TestClock.adjust("20 minutes")
      expect(watched.reads).toBe(idle)
    })
  )

  it.scoped("are kept up to date for those who live on them without asking", () =>
    Effect.gen(function* () {
      const { duration, hints, set, settings } = yield* site
      yield* settings.keepUp(() => [defaultTenant])
      yield* duration()
      yield* TestClock.adjust("20 minutes")
      yield* set(3)
      yield* TestClock.adjust("5 minutes")
      expect(hints).toEqual([defaultTenant])
    })
  )

  it.scoped("are others at once when the bus says so, and whoever follows is told only of what is other", () =>
    Effect.gen(function* () {
      const { bus, duration, hints, set, settings, watched } = yield* site
      yield* duration()
      yield* duration(camera(another))
      yield* set(3)
      yield* bus.publish({
        type: "settings.changed",
        id: "1",
        tenantId: defaultTenant,
        timestamp: DateTime.unsafeMake(0),
        level: "tenant"
      })
      yield* TestClock.adjust("1 millis")
      expect(hints).toEqual([defaultTenant])
      expect([yield* duration(), yield* duration(camera(another))]).toEqual([3, 5])
      yield* set(2, "system")
      const before = watched.reads
      yield* bus.publish({
        type: "settings.changed",
        id: "2",
        tenantId: defaultTenant,
        timestamp: DateTime.unsafeMake(0),
        level: "system"
      })
      yield* TestClock.adjust("1 millis")
      expect(watched.reads).toBe(before + 3)
      expect(hints).toEqual([defaultTenant, "everybody"])
      expect([yield* duration(), yield* duration(camera(another))]).toEqual([3, 2])
      yield* settings.refresh(another, another)
      expect(yield* bus.last).toBe(3)
      expect(hints).toHaveLength(2)
    })
  )

  it.scoped("hold on while the database is away", () =>
    Effect.gen(function* () {
      const { duration, hints, set, settings, watched } = yield* site
      yield* settings.keepUp(() => [defaultTenant])
      yield* set(3)
      yield* duration()
      watched.isAway = true
      yield* set(4)
      yield* TestClock.adjust("20 minutes")
      expect(yield* duration()).toBe(3)
      yield* settings.renew("everybody")
      expect(yield* duration()).toBe(3)
      watched.isAway = false
      yield* TestClock.adjust("16 seconds")
      expect(hints).toEqual([defaultTenant])
      expect(yield* duration()).toBe(4)
    })
  )

  it.scoped("are a camera's own where they could never be read, and then those of all", () =>
    Effect.gen(function* () {
      const { duration, hints, set, settings, watched } = yield* site
      yield* set(3)
      watched.isAway = true
      expect(yield* duration()).toBe(5)
      expect(yield* Effect.flip(settings.ofTenant(defaultTenant))).toEqual(away)
      const before = watched.reads
      yield* Effect.replicateEffect(duration(), 100, { discard: true })
      expect(watched.reads).toBe(before)
      watched.isAway = false
      yield* TestClock.adjust("16 seconds")
      expect(new Set(hints)).toEqual(new Set(["everybody", defaultTenant]))
      expect(yield* duration()).toBe(3)
    })
  )

  it.scoped("are not those of before a change because somebody began to read them then", () =>
    Effect.gen(function* () {
      const { duration, set, settings, watched } = yield* site
      const hold = yield* Deferred.make<void>()
      watched.hold = hold
      const asking = yield* Effect.fork(duration())
      yield* TestClock.adjust("1 millis")
      yield* set(3)
      const renewing = yield* Effect.fork(settings.renew("everybody"))
      yield* TestClock.adjust("1 millis")
      watched.hold = undefined
      yield* Deferred.succeed(hold, undefined)
      yield* asking.await
      yield* renewing.await
      expect(yield* duration()).toBe(3)
    })
  )
})
