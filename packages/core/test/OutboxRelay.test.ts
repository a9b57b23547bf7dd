import { describe, expect, it } from "@effect/vitest"
import { NewCamera } from "@vigil/core/Camera"
import { Event, EventEntry } from "@vigil/core/Event"
import { CameraId, defaultTenant, Epoch, EventId } from "@vigil/core/Ids"
import { makeBusMemory } from "@vigil/core/memory/BusMemory"
import { layerStoresMemory } from "@vigil/core/memory/StoresMemory"
import * as OutboxRelay from "@vigil/core/OutboxRelay"
import { Bus, BusUnavailable } from "@vigil/core/port/Bus"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { Chunk, DateTime, Effect, Layer, Schema, Stream, TestClock } from "effect"

const newCamera = Schema.decodeSync(NewCamera)({ name: "Gate", url: "rtsp://192.0.2.7/1" })

const entry = (cameraId: CameraId, sequence: number) =>
  EventEntry.make({
    sequence,
    epoch: Epoch.make(1),
    event: Event.make({
      eventId: EventId.make(crypto.randomUUID()),
      customerId: defaultTenant,
      cameraId,
      eventType: "MOTION",
      confidence: 1,
      timestamp: DateTime.unsafeMake(0),
      detectionMetadata: {},
      clipUrl: null,
      priority: "STANDARD",
      status: "NEW"
    })
  })

/** A bus that can be switched off, and a relay beside it. */
const setting = Effect.gen(function* () {
  const kept = makeBusMemory()
  const state = { away: false, published: 0 }
  const bus: Bus["Type"] = {
    ...kept,
    publish: (message) =>
      Effect.suspend(() => {
        state.published += 1
        return state.away ? new BusUnavailable({ operation: "publish", detail: "switched off" }) : kept.publish(message)
      })
  }
  const told = (count: number) =>
    Effect.flatMap(bus.follow({ from: 1 }), (stream) =>
      Effect.map(Stream.runCollect(Stream.take(stream, count)), (all) => Chunk.toReadonlyArray(all).map(({ message }) => message))
    )
  const stores = yield* Layer.build(layerStoresMemory)
  const relay = Layer.build(OutboxRelay.layer).pipe(Effect.provideService(Bus, bus), Effect.provide(stores))
  return { bus, relay, state, stores, told }
})

describe("OutboxRelay", () => {
  it.scoped("publishes what changed before it started, and since", () =>
    Effect.gen(function* () {
      const { relay, stores, told } = yield* setting
      yield* Effect.gen(function* () {
        const cameras = yield* CameraStore
        const { id } = yield* cameras.create(defaultTenant, newCamera)
        yield* relay
        yield* told(2)
        yield* cameras.update(defaultTenant, id, { enabled: false })
        yield* TestClock.adjust("5 seconds")
        const messages = yield* told(3)
        expect(messages.map(({ type }) => type)).toEqual(["camera.created", "camera.enabled", "camera.disabled"])
      }).pipe(Effect.provide(stores))
    })
  )

  it.scoped("keeps changes while the bus is away, and publishes them in order, once", () =>
    Effect.gen(function* () {
      const { relay, state, stores, told } = yield* setting
      yield* Effect.gen(function* () {
        const cameras = yield* CameraStore
        state.away = true
        yield* relay
        const { id } = yield* cameras.create(defaultTenant, newCamera)
        for (let count = 1; count <= 5; count++) yield* cameras.update(defaultTenant, id, { name: `Gate ${count}` })
        yield* TestClock.adjust("1 minute")
        expect(state.published).toBeGreaterThan(0)
        state.away = false
        yield* TestClock.adjust("5 seconds")
        const messages = yield* told(7)
        expect(messages.map((message) => "camera" in message && message.camera.revision)).toEqual([1, 1, 2, 3, 4, 5, 6])
      }).pipe(Effect.provide(stores))
    })
  )

  it.scoped("publishes events that nobody else does, and leaves those alone whose actor is at it", () =>
    Effect.gen(function* () {
      const { relay, stores, told } = yield* setting
      yield* Effect.gen(function* () {
        const events = yield* EventStore
        const [gone, busy] = [CameraId.make(crypto.randomUUID()), CameraId.make(crypto.randomUUID())]
        const left = Array.from({ length: 230 }, (_, index) => entry(gone, index + 1))
        yield* events.append(gone, left)
        yield* events.markPublished(gone, 4)
        yield* events.append(busy, [entry(busy, 1), entry(busy, 2), entry(busy, 3)])
        yield* TestClock.adjust("2 minutes")
        yield* relay
        yield* TestClock.adjust("1 millis")
        yield* events.markPublished(busy, 1)
        yield* TestClock.adjust("30 seconds")
        const messages = yield* told(226)
        expect(messages.map((message) => "entry" in message && message.entry)).toEqual(left.slice(4))
        expect(yield* events.progress(gone)).toEqual({ stored: 230, published: 230 })
        expect(yield* events.progress(busy)).toEqual({ stored: 3, published: 1 })
      }).pipe(Effect.provide(stores))
    })
  )
})
