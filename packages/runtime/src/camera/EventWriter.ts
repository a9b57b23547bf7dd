import { type Event, EventEntry } from "@vigil/core/Event"
import type { CameraId, Epoch } from "@vigil/core/Ids"
import { EventBus } from "@vigil/core/port/EventBus"
import { EventStore, type StaleEpoch } from "@vigil/core/port/EventStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Chunk, Deferred, Effect, Fiber, Mailbox, Schedule } from "effect"

/** Events that wait for the database at the most; further ones are dropped and counted. */
const capacity = 4096
/** How long an actor that stops waits for its last events to be stored. */
const lastChance = "3 seconds"

/**
 * Writes one camera's events in order: numbers them without gaps, stores them, then publishes them. While the store is away they wait
 * here, in memory; an event is published only once it is stored.
 */
export interface EventWriter {
  /** Never blocks; answers false when too many events wait already. */
  readonly write: (event: Event) => boolean
  /** Fails when a newer actor of the camera has taken over; never succeeds. */
  readonly fenced: Effect.Effect<never, StaleEpoch>
  readonly written: () => number
  readonly dropped: () => number
}

const retries = Schedule.exponential("200 millis").pipe(Schedule.union(Schedule.spaced("5 seconds")), Schedule.jittered)

export const makeEventWriter = (cameraId: CameraId, epoch: Epoch) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const bus = yield* EventBus
    const mailbox = yield* Mailbox.make<Event>({ capacity, strategy: "dropping" })
    const fenced = yield* Deferred.make<never, StaleEpoch>()
    let written = 0
    let dropped = 0
    let sequence: number | undefined

    const patiently = <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E>) =>
      effect.pipe(
        Effect.tapError((error) =>
          error._tag === "StoreUnavailable" ? Effect.logWarning("events wait for the database", error) : Effect.void
        ),
        Effect.retry({ schedule: retries, while: (error) => error._tag === "StoreUnavailable" })
      )

    const flush = (events: ReadonlyArray<Event>) =>
      Effect.gen(function* () {
        const last = sequence ?? (yield* patiently(store.lastSequence(cameraId)))
        const entries = events.map((event, index) => new EventEntry({ sequence: last + 1 + index, epoch, event }))
        yield* patiently(store.append(cameraId, entries))
        sequence = last + entries.length
        written += entries.length
        yield* bus.publish(entries)
      })

    const drain: Effect.Effect<void, StaleEpoch | StoreUnavailable> = Effect.flatMap(mailbox.takeAll, ([events, done]) =>
      Effect.zipRight(Chunk.isEmpty(events) ? Effect.void : flush(Chunk.toReadonlyArray(events)), done ? Effect.void : drain)
    )

    const writing = yield* drain.pipe(
      Effect.annotateLogs({ camera: cameraId }),
      Effect.catchTag("StaleEpoch", (error) => Deferred.fail(fenced, error)),
      Effect.catchTag("StoreUnavailable", (error) => Effect.die(error)),
      Effect.interruptible,
      Effect.forkDaemon
    )
    yield* Effect.addFinalizer(() =>
      Effect.zipRight(mailbox.end, Fiber.join(writing)).pipe(
        Effect.timeoutTo({ duration: lastChance, onTimeout: () => false, onSuccess: () => true }),
        Effect.tap((flushed) =>
          flushed ? Effect.void : Effect.logError(`camera ${cameraId} stopped before all its events could be stored`)
        ),
        Effect.zipRight(Fiber.interrupt(writing))
      )
    )

    return {
      write: (event) => {
        const accepted = mailbox.unsafeOffer(event)
        if (!accepted) dropped++
        return accepted
      },
      fenced: Deferred.await(fenced),
      written: () => written,
      dropped: () => dropped
    } satisfies EventWriter
  })
