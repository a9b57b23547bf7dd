import { describe, expect, it } from "@effect/vitest"
import { Event } from "@vigil/core/Event"
import { CameraId, defaultTenant, Epoch, EventId } from "@vigil/core/Ids"
import { makeBusMemory } from "@vigil/core/memory/BusMemory"
import { makeEventStoreMemory } from "@vigil/core/memory/EventStoreMemory"
import { Bus } from "@vigil/core/port/Bus"
import { EventStore } from "@vigil/core/port/EventStore"
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

/** A store that can be switched off, and a bus. */
const setting = Effect.gen(function* () {
  const away = yield* Ref.make(false)
  const memory = makeEventStoreMemory(1_000)
  const bus = makeBusMemory()
  const store: EventStore["Type"] = {
    ...memory,
    append: (id, entries) =>
      Effect.flatMap(Ref.get(away), (gone) =>
        gone ? new StoreUnavailable({ operation: "append", detail: "switched off" }) : memory.append(id, entries)
      )
  }
  const open = (epoch: number) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const writer = yield* makeEventWriter(cameraId, Epoch.make(epoch)).pipe(
        Effect.provideService(EventStore, store),
        Effect.provideService(Bus, bus),
        Scope.extend(scope)
      )
      return { writer, close: Scope.close(scope, Exit.void) }
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
  return { away, open, published, stored }
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
      const error = yield* Effect.flip(old.writer.fenced)
      expect(error).toMatchObject({ _tag: "StaleEpoch", epoch: 1, current: 2 })
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
})
