import { eventStored } from "@vigil/core/BusMessage"
import type { EventEntry } from "@vigil/core/Event"
import type { CameraId } from "@vigil/core/Ids"
import { Bus } from "@vigil/core/port/Bus"
import { EventStore } from "@vigil/core/port/EventStore"
import { Duration, Effect, Metric, Schedule } from "effect"
import { makeOnDemand } from "../OnDemand.js"

/** Entries of one camera that wait in memory for the bus; beyond that they are read from the store when it is back. */
const capacity = 64
/** Entries that are read from the store at a time. */
const pageSize = 100
/** How long after a publication it is written down: a restart publishes what came in between again, and the bus knows it by its id. */
const markDelay = "2 seconds"

/** Publishes one camera's stored events in order. */
export interface EventPublisher {
  /** They are stored, and follow those of the call before. Never waits. */
  readonly stored: (entries: ReadonlyArray<EventEntry>) => void
  /** Returns when everything stored is published, and that is written down. */
  readonly settled: Effect.Effect<void>
}

const retried = Metric.counter("vigil_bus_retries", {
  description: "Times that a stored event had to wait because the bus was away",
  incremental: true
})
const waitingEvents = Metric.counter("vigil_events_unpublished", {
  description: "Stored events of this node's cameras that the bus has not acknowledged"
})
const lag = Metric.timer("vigil_event_publish_lag", "From an event's storage to the bus's acknowledgement")

interface Waiting {
  readonly entry: EventEntry
  /** When it was stored, where this publisher saw that; monotonic milliseconds. */
  readonly at?: number
}

/** Milliseconds until a bus that was away so many times in a row is tried again. */
const pause = (failures: number): number => Math.min(5000, 100 * 2 ** Math.min(failures - 1, 6)) * (0.8 + Math.random() * 0.4)

const retries = Schedule.exponential("100 millis").pipe(Schedule.union(Schedule.spaced("5 seconds")), Schedule.jittered)

/**
 * Events go from the caller's memory to the bus, with no question to the store in between. Where the bus is away they stay in the store, and only
 * their number is kept; so does what an actor before this one did not publish.
 */
export const makeEventPublisher = (cameraId: CameraId) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const bus = yield* Bus
    let waiting: Array<Waiting> = []
    let failures = 0
    let stored = 0
    let published: number | undefined
    let marked = 0
    let counted = 0

    const count = () => {
      const now = published === undefined ? 0 : stored - published
      if (now !== counted) waitingEvents.unsafeUpdate(now - counted, [])
      counted = now
    }

    const reach = (sequence: number) => {
      published = sequence
      if (sequence > marked) marking.ask()
      count()
    }

    const fromStore = (after: number, limit: number) =>
      store.after(cameraId, after, limit).pipe(
        Effect.tapError((error) => Effect.logDebug(error.message)),
        Effect.retry(retries),
        // swallowed: nothing, the schedule has no end
        Effect.orDie
      )

    const publish = (entry: EventEntry) =>
      bus.publish(eventStored(entry)).pipe(
        Effect.as(true),
        Effect.catchTag("BusMessageTooLarge", (error) => Effect.as(Effect.logError(error.message), true)),
        Effect.catchTag("BusUnavailable", (error) =>
          Effect.zipRight(Metric.increment(retried), Effect.logDebug(error.message)).pipe(Effect.as(false))
        )
      )

    /** What is known in memory to come next; empty where it has to be asked for. */
    const fromMemory = (after: number) => {
      waiting = waiting.filter(({ entry }) => entry.sequence > after)
      return waiting[0]?.entry.sequence === after + 1 ? waiting.splice(0) : []
    }

    /** Publishes up to the first that cannot be; that one is read from the store when it is tried again, because its status may have changed. */
    const publishAll = (entries: ReadonlyArray<Waiting>) =>
      Effect.gen(function* () {
        for (const { at, entry } of entries) {
          if (!(yield* publish(entry))) {
            failures += 1
            return yield* Effect.sleep(pause(failures))
          }
          failures = 0
          reach(entry.sequence)
          if (at !== undefined) yield* Metric.update(lag, Duration.millis(performance.now() - at))
        }
      })

    const publishKept = (after: number) =>
      Effect.flatMap(fromStore(after, failures === 0 ? pageSize : 1), (entries) =>
        // Where nothing is left of them, they were removed from the store.
        entries.length === 0 ? Effect.sync(() => reach(stored)) : publishAll(entries.map((entry) => ({ entry })))
      )

    const publishMore: Effect.Effect<void> = Effect.suspend(() => {
      const after = published ?? 0
      if (stored <= after) return Effect.void
      const batch = fromMemory(after)
      return Effect.zipRight(batch.length === 0 ? publishKept(after) : publishAll(batch), publishMore)
    })

    const begin = store.progress(cameraId).pipe(
      Effect.tapError((error) => Effect.logDebug(error.message)),
      Effect.retry(retries),
      // swallowed: nothing, the schedule has no end
      Effect.orDie,
      Effect.map((progress) => {
        stored = Math.max(stored, progress.stored)
        marked = progress.published
        reach(progress.published)
      })
    )

    const mark = Effect.suspend(() => {
      const reached = published ?? 0
      if (reached <= marked) return Effect.void
      return store.markPublished(cameraId, reached).pipe(
        Effect.tap(() => {
          marked = reached
        }),
        // What is not written down yet is so with the next round.
        Effect.catchTag("StoreUnavailable", (error) => {
          marking.ask()
          return Effect.logDebug(error.message)
        })
      )
    })

    const marking = yield* makeOnDemand(Effect.delay(mark, markDelay))
    const publishing = yield* Effect.suspend(() => (published === undefined ? begin : Effect.void)).pipe(
      Effect.zipRight(publishMore),
      Effect.annotateLogs({ camera: cameraId }),
      makeOnDemand
    )
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        waitingEvents.unsafeUpdate(-counted, [])
      })
    )

    // What an actor before this one did not publish.
    publishing.ask()

    const settled: Effect.Effect<void> = Effect.suspend(() =>
      published !== undefined && published >= stored ? mark : Effect.zipRight(Effect.sleep("20 millis"), settled)
    )

    return {
      stored: (entries) => {
        const at = performance.now()
        const room = waiting.length + entries.length <= capacity
        waiting = room ? [...waiting, ...entries.map((entry) => ({ entry, at }))] : []
        stored = entries.at(-1)?.sequence ?? stored
        count()
        publishing.ask()
      },
      settled
    } satisfies EventPublisher
  })
