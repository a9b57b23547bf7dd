import { describe, expect, it } from "@effect/vitest"
import type { Bus, BusMessageTooLarge, Delivery, FollowOptions } from "@vigil/core/port/Bus"
import {
  anyCamera,
  anyTenant,
  cameraMessage,
  errorMessage,
  heartbeatMessage,
  storedMessage
} from "@vigil/fixtures/conformance/BusMessages"
import { hasNatsServer, type NatsServer, type NatsServerOptions, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { type JetStreamBusOptions, makeJetStreamBus } from "@vigil/runtime/bus/JetStreamBus"
import { Nats } from "@vigil/runtime/nats/Nats"
import { Context, Effect, Fiber, Layer, Logger, LogLevel, Schedule, Stream } from "effect"
import { randomUUID } from "node:crypto"

const quiet = Logger.minimumLogLevel(LogLevel.Error)

const options: JetStreamBusOptions = { maxAge: 3_600_000, maxBytes: 64 * 1024 * 1024, replicas: 1 }

/** A node's own connection and bus. */
const busOf = (server: NatsServer, cluster: string, more: Partial<JetStreamBusOptions> = {}) =>
  Effect.gen(function* () {
    const nats = yield* Layer.build(Nats.layer({ url: server.url, cluster }))
    return yield* makeJetStreamBus({ ...options, ...more }).pipe(Effect.provide(nats))
  })

const setting = (server: NatsServerOptions = {}, more: Partial<JetStreamBusOptions> = {}) =>
  Effect.gen(function* () {
    const nats = yield* startNatsServer(server)
    const cluster = randomUUID().slice(0, 8)
    return { nats, cluster, bus: yield* busOf(nats, cluster, more), another: busOf(nats, cluster, more) }
  })

const patiently = <A, E>(effect: Effect.Effect<A, E>) =>
  effect.pipe(
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("60 seconds"),
    // swallowed: nothing, the case fails with it
    Effect.orDie
  )

const follow = (bus: typeof Bus.Service, wanted: FollowOptions) => bus.follow(wanted)

const collect = (stream: Stream.Stream<Delivery>, count: number) =>
  stream.pipe(
    Stream.take(count),
    Stream.runCollect,
    Effect.map((chunk) => [...chunk]),
    Effect.timeout("60 seconds"),
    // swallowed: nothing, the case fails with it
    Effect.orDie,
    Effect.fork
  )

const ids = (deliveries: ReadonlyArray<Delivery>) => deliveries.map(({ message }) => message.id)

const events = (count: number, tenant = anyTenant(), camera = anyCamera(), first = 1) =>
  Array.from({ length: count }, (_, index) => storedMessage(tenant, camera, first + index))

describe.skipIf(!hasNatsServer)("JetStreamBus [needs nats-server]", { concurrent: true }, () => {
  it.scopedLive("goes on over a restart of the server: nothing acknowledged is lost, nothing comes twice", () =>
    Effect.gen(function* () {
      const { bus, nats } = yield* setting()
      const tenant = anyTenant()
      const messages = Array.from({ length: 60 }, () => heartbeatMessage(tenant, anyCamera()))
      const live = yield* Effect.flatMap(follow(bus, { from: "now", tenant }), (stream) => collect(stream, 60))
      const kept = yield* Effect.flatMap(follow(bus, { from: 1, tenant }), (stream) => collect(stream, 60))
      yield* Effect.forEach(messages.slice(0, 20), bus.publish)
      yield* nats.stop("SIGKILL")
      expect(yield* Effect.flip(bus.publish(messages[20] ?? heartbeatMessage(tenant, anyCamera())))).toMatchObject({
        _tag: "BusUnavailable"
      })
      const publishing = yield* Effect.fork(Effect.forEach(messages.slice(20), (message) => patiently(bus.publish(message))))
      yield* nats.start
      yield* Fiber.join(publishing)
      expect(ids(yield* Fiber.join(live))).toEqual(messages.map(({ id }) => id))
      expect(ids(yield* Fiber.join(kept))).toEqual(messages.map(({ id }) => id))
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("keeps an event once beyond the time over which the server knows ids, whoever publishes it", () =>
    Effect.gen(function* () {
      const { another, bus } = yield* setting({}, { duplicateWindow: 200 })
      const messages = events(20)
      const positions = yield* Effect.forEach(messages, bus.publish)
      const camera = cameraMessage(anyTenant(), anyCamera(), "camera.created", 1)
      const created = yield* bus.publish(camera)
      // The server forgets ids when it next looks, after the window.
      yield* Effect.sleep("700 millis")
      const restarted = yield* another
      expect(yield* Effect.forEach(messages, restarted.publish)).toEqual(positions)
      expect(yield* restarted.publish(camera)).toBe(created)
      expect(yield* Effect.forEach([...messages].reverse(), restarted.publish)).toEqual([...positions].reverse())
      expect(yield* restarted.last).toBe(created)
      const [tenantId, cameraId] = [messages[0]?.tenantId ?? anyTenant(), messages[0]?.cameraId ?? anyCamera()]
      expect(yield* restarted.publish(storedMessage(tenantId, cameraId, 21))).toBe(created + 1)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("keeps a camera's events in order and once while an actor of before publishes them too", () =>
    Effect.gen(function* () {
      const { another, bus } = yield* setting({}, { duplicateWindow: 100 })
      const [old, young] = [bus, yield* another]
      const messages = events(150)
      const publishAll = (by: typeof Bus.Service, pause: number) =>
        Effect.forEach(messages, (message) => Effect.zipRight(Effect.sleep(pause), patiently(by.publish(message))))
      yield* Effect.all([publishAll(old, 2), publishAll(young, 1)], { concurrency: "unbounded" })
      const got = yield* Effect.flatMap(follow(young, { from: 1 }), (stream) => collect(stream, 150))
      expect(ids(yield* Fiber.join(got))).toEqual(messages.map(({ id }) => id))
      expect(yield* young.last).toBe(150)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("takes an event whose number was given before: a database that came back from a backup", () =>
    Effect.gen(function* () {
      const { bus } = yield* setting()
      const [tenant, camera] = [anyTenant(), anyCamera()]
      yield* Effect.forEach(events(5, tenant, camera), bus.publish)
      const again = events(2, tenant, camera, 3)
      expect(yield* Effect.forEach(again, bus.publish)).toEqual([6, 7])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("says what the server's limit is, and keeps clusters on one server apart", () =>
    Effect.gen(function* () {
      const { bus, nats } = yield* setting({ maxPayload: 16 * 1024 })
      const [tenant, camera] = [anyTenant(), anyCamera()]
      const error = yield* Effect.flip(bus.publish(errorMessage(tenant, camera, "x".repeat(20_000))))
      expect(error).toMatchObject({ _tag: "BusMessageTooLarge", limit: 16 * 1024 } satisfies Partial<BusMessageTooLarge>)
      const other = yield* busOf(nats, "other")
      yield* bus.publish(heartbeatMessage(tenant, camera))
      expect(yield* other.last).toBe(0)
      expect(yield* other.publish(heartbeatMessage(tenant, camera))).toBe(1)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("skips what is no longer kept, and begins a stream anew that was deleted", () =>
    Effect.gen(function* () {
      const { bus, cluster, nats } = yield* setting({}, { maxBytes: 64 * 1024 })
      const tenant = anyTenant()
      const messages = Array.from({ length: 400 }, () => heartbeatMessage(tenant, anyCamera()))
      yield* Effect.forEach(messages, bus.publish, { concurrency: 32 })
      const got = yield* Effect.flatMap(follow(bus, { from: 1, tenant }), (stream) => collect(stream, 10))
      const [first] = yield* Fiber.join(got)
      expect(first?.position).toBeGreaterThan(1)
      const live = yield* Effect.flatMap(follow(bus, { from: "now", tenant }), (stream) => collect(stream, 1))
      const { connection } = Context.get(yield* Layer.build(Nats.layer({ url: nats.url, cluster })), Nats)
      yield* Effect.promise(async () => {
        await (await connection.jetstreamManager()).streams.delete(`vigil-${cluster}-bus`)
      })
      const fresh = heartbeatMessage(tenant, anyCamera())
      yield* patiently(bus.publish(fresh))
      expect(ids(yield* Fiber.join(live))).toEqual([fresh.id])
    }).pipe(Effect.provide(quiet))
  )
})
