import { describe, expect, it } from "@effect/vitest"
import { toEmbedded } from "@vigil/api/database/Connection"
import { startEmbeddedPostgres } from "@vigil/api/database/EmbeddedPostgres"
import { layerStores } from "@vigil/api/Persistence"
import { NewCamera } from "@vigil/core/Camera"
import { Event } from "@vigil/core/Event"
import { type CameraId, defaultTenant, EventId } from "@vigil/core/Ids"
import * as OutboxRelay from "@vigil/core/OutboxRelay"
import { Bus } from "@vigil/core/port/Bus"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { Outbox } from "@vigil/core/port/Outbox"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { makeJetStreamBus } from "@vigil/runtime/bus/JetStreamBus"
import { makeEventWriter } from "@vigil/runtime/camera/EventWriter"
import { Nats } from "@vigil/runtime/nats/Nats"
import { Chunk, DateTime, Effect, Exit, Layer, Logger, LogLevel, Schema, Scope, Stream } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A database and a NATS server whose memory of ids is short, and what a node has of them. */
const setting = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "vigil-bus-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
  )
  const server = yield* startEmbeddedPostgres(join(folder, "postgres"))
  const nats = yield* startNatsServer()
  const node = Layer.scoped(
    Bus,
    makeJetStreamBus({ maxAge: 3_600_000, maxBytes: 2 ** 26, replicas: 1, duplicateWindow: 100 })
  ).pipe(Layer.provide(Nats.layer({ url: nats.url, cluster: "crashes" })), Layer.merge(layerStores(toEmbedded(server), folder)))
  return { nats, node: Layer.build(node) }
})

/** Long enough for the server to have forgotten every id. */
const beyondWindow = Effect.sleep("500 millis")

/** Everything on the bus up to its newest message. */
const everything = Effect.gen(function* () {
  const bus = yield* Bus
  const last = yield* bus.last
  const stream = yield* bus.follow({ from: 1 })
  const all = yield* Stream.runCollect(Stream.takeUntil(stream, ({ position }) => position >= last))
  return Chunk.toReadonlyArray(all).map(({ message }) => message)
})

const until = <E, R>(condition: Effect.Effect<boolean, E, R>) =>
  Effect.repeat(Effect.delay(condition, "20 millis"), { until: (holds) => holds }).pipe(Effect.timeout("1 minute"))

const camera = Schema.decodeSync(NewCamera)({ name: "Gate", url: "rtsp://192.0.2.7/1" })

const event = (cameraId: CameraId) =>
  new Event({
    eventId: EventId.make(crypto.randomUUID()),
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

/** Writes a camera's events in a scope of its own, which `end` closes as a crash would: without waiting for anything. */
const actor = (id: CameraId) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const epoch = yield* Effect.flatMap(CameraStore, ({ takeEpoch }) => takeEpoch(id))
    const writer = yield* Scope.extend(makeEventWriter(id, epoch), scope)
    return { writer, end: Scope.close(scope, Exit.void) }
  })

describe.skipIf(!hasNatsServer)("once over crashes [needs nats-server]", () => {
  it.scopedLive(
    "a change's message is on the bus once, though relays crashed after they published it",
    () =>
      Effect.gen(function* () {
        const { node } = yield* setting
        const [first, second] = [yield* node, yield* node]
        const { id } = yield* Effect.provide(
          Effect.flatMap(CameraStore, ({ create }) => create(defaultTenant, camera)),
          first
        )
        const crash = Effect.gen(function* () {
          const bus = yield* Bus
          const { relay } = yield* Outbox
          return yield* relay((message) =>
            Effect.zipRight(Effect.exit(bus.publish(message)), Effect.dieMessage("the node crashed"))
          )
        })
        for (const context of [first, second, first]) {
          expect(Exit.isFailure(yield* Effect.exit(Effect.provide(crash, context)))).toBe(true)
          yield* beyondWindow
        }
        yield* Effect.provide(
          Effect.flatMap(CameraStore, ({ update }) => update(defaultTenant, id, { enabled: false })),
          second
        )
        for (const context of [first, second]) yield* Effect.provide(Layer.build(OutboxRelay.layer), context)
        yield* until(
          Effect.provide(
            Effect.flatMap(Outbox, ({ depth }) => Effect.map(depth, (count) => count === 0)),
            second
          )
        )
        const messages = yield* Effect.provide(everything, second)
        expect(messages.map(({ type }) => type)).toEqual(["camera.created", "camera.enabled", "camera.disabled"])
      }).pipe(Effect.provide(Logger.minimumLogLevel(LogLevel.None))),
    400_000
  )

  it.scopedLive(
    "a camera's events are on the bus once and in order, over actors, outages and a mark that was never written",
    () =>
      Effect.gen(function* () {
        const { nats, node } = yield* setting
        const [first, second] = [yield* node, yield* node]
        const { id } = yield* Effect.provide(
          Effect.flatMap(CameraStore, ({ create }) => create(defaultTenant, camera)),
          first
        )
        const progress = Effect.flatMap(EventStore, (store) => store.progress(id))
        const one = yield* Effect.provide(actor(id), first)
        for (let count = 0; count < 40; count++) one.writer.write(event(id))
        yield* Effect.provide(until(Effect.map(everything, (all) => all.length === 40)), first)
        // The node is gone before it wrote down what it had published.
        const store = yield* Effect.provide(EventStore, second)
        const forgetful = EventStore.of({
          ...store,
          progress: (of) => Effect.map(store.progress(of), (known) => ({ ...known, published: 0 }))
        })
        yield* beyondWindow
        const two = yield* actor(id).pipe(Effect.provideService(EventStore, forgetful), Effect.provide(second))
        yield* nats.stop("SIGKILL")
        for (let count = 0; count < 90; count++) two.writer.write(event(id))
        yield* Effect.provide(until(Effect.map(progress, ({ stored }) => stored === 130)), second)
        yield* nats.start
        yield* Effect.provide(until(Effect.map(progress, ({ published }) => published === 130)), second)
        const entries = (yield* Effect.provide(everything, second)).flatMap((message) =>
          "entry" in message ? [message.entry] : []
        )
        expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 130 }, (_, index) => index + 1))
        yield* Effect.all([one.end, two.end], { concurrency: 2 })
      }).pipe(Effect.provide(Logger.minimumLogLevel(LogLevel.None))),
    400_000
  )
})
