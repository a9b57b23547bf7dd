import { describe, expect, it } from "@effect/vitest"
import { Event } from "@vigil/core/Event"
import { CameraId, defaultTenant, Epoch, EventId } from "@vigil/core/Ids"
import { makeBusMemory } from "@vigil/core/memory/BusMemory"
import { makeEventStoreMemory } from "@vigil/core/memory/EventStoreMemory"
import { Bus, BusUnavailable } from "@vigil/core/port/Bus"
import { EventStore, type StaleEpoch } from "@vigil/core/port/EventStore"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { makeEventWriter } from "@vigil/runtime/camera/EventWriter"
import { DateTime, Effect, Exit, Fiber, Option, Ref, Scope, Stream } from "effect"
import { randomUUID } from "node:crypto"

const cameraId = CameraId.make(randomUUID())

const event = () =>
  new Event({
    eventId: EventId.make(randomUUID()),
    customerId: defaultTenant,
    cameraId,
    eventType: "MOTION",
    confidence: 0.9,
    timestamp: DateTime.unsafeMake(1_700_000_000_000),
    detectionMetadata: {},
    clipUrl: null,
    priority: "STANDARD",
    status: "NEW"
  })

/** A store and a bus that can be switched off. */
const setting = Effect.gen(function* () {
  const away = yield* Ref.make(false)
  const busAway = yield* Ref.make(false)
  const calls: Array<string> = []
  const memory = makeEventStoreMemory(1_000)
  const kept = makeBusMemory()
  const bus: Bus["Type"] = {
    ...kept,
    publish: (message) =>
      Effect.suspend(() => {
        calls.push("publish")
        return Effect.flatMap(Ref.get(busAway), (gone) =>
          gone ? new BusUnavailable({ operation: "publish", detail: "switched off" }) : kept.publish(message)
        )
      })
  }
  const called = <A, E>(name: string, effect: Effect.Effect<A, E>) => Effect.suspend(() => (calls.push(name), effect))
  const store: EventStore["Type"] = {
    ...memory,
    after: (id, sequence, limit) => called("after", memory.after(id, sequence, limit)),
    progress: (id) => called("progress", memory.progress(id)),
    append: (id, entries) =>
      called(
        "append",
        Effect.flatMap(Ref.get(away), (gone) =>
          gone ? new StoreUnavailable({ operation: "append", detail: "switched off" }) : memory.append(id, entries)
        )
      )
  }
  const open = (epoch: number) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const fences: Array<StaleEpoch> = []
      const writer = yield* makeEventWriter(cameraId, Epoch.make(epoch), (error) => fences.push(error)).pipe(
        Effect.provideService(EventStore, store),
        Effect.provideService(Bus, bus),
        Scope.extend(scope)
      )
      return { writer, fences, close: Scope.close(scope, Exit.void) }
    })
  const published = (count: number) =>
    Effect.gen(function* () {
      const stream = yield* bus.follow({ from: "now" })
      return yield* Stream.filterMap(stream, ({ message }) =>
        message.type === "event.stored" ? Option.some(message.entry) : Option.none()
      ).pipe(Stream.take(count), Stream.runCollect, Effect.fork)
    })
  const stored = Effect.map(memory.query(defaultTenant, { limit: 500 }), (page) =>
    [...page.events].sort((a, b) => a.sequence - b.sequence)
  )
  return { away, busAway, calls, memory, open, published, stored }
})

describe("EventWriter", () => {
  it.scopedLive("numbers events without gaps, over actors, and publishes what is stored", () =>
    Effect.gen(function* () {
      const { open, published, stored } = yield* setting
      const heard = yield* published(5)
      const first = yield* open(1)
      for (let count = 0; count < 3; count++) expect(first.writer.write(event())).toBe(true)
      yield* first.close
      const second = yield* open(2)
      for (let count = 0; count < 2; count++) second.writer.write(event())
      const entries = [...(yield* Fiber.join(heard))]
      yield* second.close
      expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5])
      expect(entries.map(({ epoch }) => epoch)).toEqual([1, 1, 1, 2, 2])
      expect((yield* stored).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5])
    })
  )

  it.scopedLive("keeps events while the store is away", () =>
    Effect.gen(function* () {
      const { away, open, published, stored } = yield* setting
      const heard = yield* published(2)
      const { close, writer } = yield* open(1)
      yield* Ref.set(away, true)
      writer.write(event())
      yield* Effect.sleep("300 millis")
      writer.write(event())
      expect(writer.written()).toBe(0)
      yield* Ref.set(away, false)
      yield* Fiber.join(heard)
      expect((yield* stored).map(({ sequence }) => sequence)).toEqual([1, 2])
      yield* close
    })
  )

  it.scopedLive("stores what waits when its actor stops", () =>
    Effect.gen(function* () {
      const { open, stored } = yield* setting
      const { close, writer } = yield* open(1)
      for (let count = 0; count < 50; count++) writer.write(event())
      yield* close
      expect(yield* stored).toHaveLength(50)
    })
  )

  it.scopedLive("stops although the store stays away", () =>
    Effect.gen(function* () {
      const { away, open, stored } = yield* setting
      const { close, writer } = yield* open(1)
      yield* Ref.set(away, true)
      writer.write(event())
      yield* Effect.timeout(close, "60 seconds")
      expect(yield* stored).toEqual([])
    })
  )

  it.scopedLive("is fenced by a newer actor and writes nothing more", () =>
    Effect.gen(function* () {
      const { open, stored } = yield* setting
      const old = yield* open(1)
      old.writer.write(event())
      const young = yield* open(2)
      yield* Effect.repeat(stored, { until: (entries) => entries.length === 1 })
      young.writer.write(event())
      yield* Effect.repeat(stored, { until: (entries) => entries.length === 2 })
      old.writer.write(event())
      yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => old.fences.length > 0 })
      expect(old.writer.write(event())).toBe(false)
      expect(old.fences).toMatchObject([{ _tag: "StaleEpoch", epoch: 1, current: 2 }])
      expect(yield* stored).toHaveLength(2)
      yield* old.close
      yield* young.close
    })
  )

  it.scopedLive("counts what it cannot hold", () =>
    Effect.gen(function* () {
      const { away, open } = yield* setting
      yield* Ref.set(away, true)
      const { close, writer } = yield* open(1)
      const accepted = Array.from({ length: 6_000 }, () => writer.write(event())).filter(Boolean).length
      expect(accepted + writer.dropped()).toBe(6_000)
      expect(accepted).toBeLessThanOrEqual(4_096)
      yield* Ref.set(away, false)
      yield* close
    })
  )

  it.scopedLive("asks the store for nothing between storing and publishing", () =>
    Effect.gen(function* () {
      const { calls, open, published } = yield* setting
      const { close, writer } = yield* open(1)
      writer.write(event())
      yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => calls.includes("publish") })
      for (let count = 0; count < 3; count++) {
        const heard = yield* published(1)
        calls.length = 0
        writer.write(event())
        yield* Fiber.join(heard)
        expect(calls).toEqual(["append", "publish"])
      }
      yield* close
    })
  )

  it.scopedLive("goes on storing while the bus is away, and then publishes all of it, in order and as it is by then", () =>
    Effect.gen(function* () {
      const { busAway, memory, open, published, stored } = yield* setting
      const heard = yield* published(200)
      const { close, writer } = yield* open(1)
      yield* Ref.set(busAway, true)
      for (let count = 0; count < 200; count++) {
        writer.write(event())
        if (count % 20 === 0) yield* Effect.sleep("2 millis")
      }
      const all = yield* Effect.repeat(stored, { until: (entries) => entries.length === 200 })
      const changed = yield* memory.change(defaultTenant, all[0]?.event.eventId ?? EventId.make(""), { status: "ACKNOWLEDGED" })
      yield* Ref.set(busAway, false)
      const entries = [...(yield* Fiber.join(heard))]
      expect(entries).toEqual([changed, ...all.slice(1)])
      yield* close
      expect(yield* memory.progress(cameraId)).toEqual({ stored: 200, published: 200 })
    })
  )

  it.scopedLive("leaves to its camera's next actor what it could not publish", () =>
    Effect.gen(function* () {
      const { busAway, calls, memory, open, published } = yield* setting
      const first = yield* open(1)
      for (let count = 0; count < 3; count++) first.writer.write(event())
      yield* Effect.repeat(memory.progress(cameraId), { until: ({ stored }) => stored === 3 })
      yield* first.close
      yield* Ref.set(busAway, true)
      const second = yield* open(2)
      for (let count = 0; count < 150; count++) second.writer.write(event())
      yield* second.close
      expect(yield* memory.progress(cameraId)).toEqual({ stored: 153, published: 3 })
      yield* Ref.set(busAway, false)
      const heard = yield* published(151)
      const third = yield* open(3)
      third.writer.write(event())
      const entries = [...(yield* Fiber.join(heard))]
      expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 151 }, (_, index) => 4 + index))
      yield* third.close
      calls.length = 0
      const fourth = yield* open(4)
      yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => calls.includes("progress") })
      yield* fourth.close
      expect(calls).not.toContain("publish")
    })
  )
})
