import { type DeliveryConflict, edgeBatch, type EdgeRefused } from "@vigil/core/contract/EdgeRpc"
import type { EdgeBacklog } from "@vigil/core/Edge"
import type { EventEntry } from "@vigil/core/Event"
import type { CameraId } from "@vigil/core/Ids"
import { Bus } from "@vigil/core/port/Bus"
import { EdgeBuffer, type Undelivered } from "@vigil/core/port/EdgeBuffer"
import { EventStore } from "@vigil/core/port/EventStore"
import { Clock, Context, Effect, Layer, Metric, Queue, Schedule, Stream } from "effect"
import { type EdgeCalls, EdgeLinkError } from "./EdgeLink.js"

/** Cameras whose events are delivered at the same time. */
const concurrency = 2
/** How long the centre may take to store a batch. */
const answerLimit = "15 seconds"
/** Looks again after this long, also where no hint came. */
const pollInterval = "2 seconds"
/** How long what was delivered is kept, should the centre have to be restored from a backup; days. */
const keptDays = 30
const forgetInterval = "1 hour"
/** How long a camera whose events the centre does not take is left alone, milliseconds. */
const refusalPause = 30_000

const waitingEvents = Metric.gauge("vigil_edge_backlog_events", {
  description: "Events that an edge holds and has not delivered"
})
const oldestAge = Metric.gauge("vigil_edge_oldest_event_age_seconds", {
  description: "Age of the oldest event that an edge has not delivered"
})
const deliveredEvents = Metric.counter("vigil_edge_delivered_events", {
  description: "Events that the centre acknowledged",
  incremental: true
})

/** Brings events to the centre: of each camera in order, each once. */
export class Deliverer extends Context.Tag("@vigil/runtime/Deliverer")<
  Deliverer,
  {
    /** Delivers until the link is lost; never succeeds. */
    readonly run: (calls: EdgeCalls) => Effect.Effect<never, EdgeLinkError>
    /** What waits now, also while there is no link. */
    readonly backlog: Effect.Effect<EdgeBacklog>
  }
>() {
  static readonly layer: Layer.Layer<Deliverer, never, Bus | EdgeBuffer | EventStore> = Layer.scoped(
    Deliverer,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const buffer = yield* EdgeBuffer
  const store = yield* EventStore
  const bus = yield* Bus
  const pausedUntil = new Map<CameraId, number>()
  const hints = yield* Queue.sliding<void>(1)
  let delivered = 0
  let known: EdgeBacklog = { events: 0, oldest: null, delivered: 0 }

  // An event that was stored is delivered at once; where the local bus is away, the next look finds it.
  yield* bus.follow({ from: "now", types: ["event.stored"] }).pipe(
    Effect.flatMap((events) => Stream.runForEach(events, () => Queue.offer(hints, undefined))),
    Effect.scoped,
    Effect.catchAll((error) => Effect.logDebug(error.message)),
    Effect.forkScoped
  )

  yield* buffer.forget(keptDays).pipe(
    Effect.repeat({ while: (more) => more }),
    Effect.catchTag("StoreUnavailable", (error) => Effect.logDebug(error.message)),
    Effect.repeat(Schedule.spaced(forgetInterval)),
    Effect.forkScoped
  )

  const look = Effect.gen(function* () {
    const waiting = yield* buffer.undelivered
    const events = waiting.reduce((sum, camera) => sum + camera.events, 0)
    const oldest = waiting[0]?.oldest ?? null
    known = { events, oldest, delivered }
    const now = yield* Clock.currentTimeMillis
    yield* Metric.set(waitingEvents, events)
    yield* Metric.set(oldestAge, oldest === null ? 0 : Math.max(0, (now - oldest.epochMillis) / 1000))
    return waiting
  })

  /** Up to where the centre has them now. */
  const acknowledged = (cameraId: CameraId, entries: ReadonlyArray<EventEntry>, sequence: number) =>
    Effect.gen(function* () {
      yield* buffer.delivered(cameraId, sequence)
      const count = entries.filter((entry) => entry.sequence <= sequence).length
      delivered += count
      yield* Metric.incrementBy(deliveredEvents, count)
    })

  const disagree = (entries: ReadonlyArray<EventEntry>, conflict: DeliveryConflict) =>
    Effect.gen(function* () {
      const { cameraId, epoch, known: has, sequence } = conflict
      const last = entries[has - 1]
      if (last !== undefined) return yield* acknowledged(cameraId, entries, last.sequence)
      yield* Effect.logWarning(`${conflict.message}; ours begins with ${entries[0]?.sequence ?? 0} and follows it from now on`)
      yield* buffer.follow(cameraId, { epoch, sequence })
    })

  const pause = (error: EdgeRefused) =>
    Effect.gen(function* () {
      pausedUntil.set(error.cameraId, (yield* Clock.currentTimeMillis) + refusalPause)
      yield* Effect.logWarning(`the centre does not take events: ${error.message}`)
    })

  /** One batch of one camera, so that a camera with very many holds up no other. */
  const deliverBatch = (calls: EdgeCalls, { cameraId, delivered: after }: Undelivered) =>
    Effect.gen(function* () {
      const entries = yield* store.after(cameraId, after, edgeBatch)
      const [first, ...rest] = entries
      if (first === undefined) return
      yield* calls.Deliver({ cameraId, entries: [first, ...rest], after }).pipe(
        Effect.timeoutFail({
          duration: answerLimit,
          onTimeout: () =>
            new EdgeLinkError({ reason: "silent", detail: `the centre did not answer a delivery within ${answerLimit}` })
        }),
        Effect.flatMap(({ sequence }) => acknowledged(cameraId, entries, sequence)),
        Effect.catchTags({
          DeliveryConflict: (conflict) => disagree(entries, conflict),
          EdgeRefused: pause,
          Unauthorized: ({ detail }) => new EdgeLinkError({ reason: "unauthorized", detail }),
          RpcClientError: (error) => new EdgeLinkError({ reason: "unreachable", detail: error.message })
        })
      )
    })

  const idle = Effect.race(Queue.take(hints), Effect.sleep(pollInterval))

  const round = (calls: EdgeCalls) =>
    Effect.gen(function* () {
      const waiting = yield* look
      const now = yield* Clock.currentTimeMillis
      const due = waiting.filter(({ cameraId }) => (pausedUntil.get(cameraId) ?? 0) <= now)
      if (due.length === 0) return yield* idle
      yield* Effect.forEach(due, (camera) => deliverBatch(calls, camera), { concurrency, discard: true })
    }).pipe(
      // Ours or the centre's database: it comes back.
      Effect.catchTag("StoreUnavailable", (error) =>
        Effect.zipRight(Effect.logWarning(`events wait: ${error.message}`), Effect.sleep(pollInterval))
      )
    )

  return Deliverer.of({
    run: (calls) => Effect.forever(round(calls)),
    backlog: look.pipe(
      // swallowed: what was known before is told while the database is away
      Effect.catchTag("StoreUnavailable", () => Effect.void),
      Effect.map(() => known)
    )
  })
})
