import { type Event, EventEntry } from "@vigil/core/Event"
import type { CameraId, Epoch } from "@vigil/core/Ids"
import { EventStore, type StaleEpoch } from "@vigil/core/port/EventStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Chunk, Deferred, Effect, Fiber, Mailbox, Option, Schedule } from "effect"
import { makeEventPublisher } from "./EventPublisher.js"

/** Events that wait for the database at the most; further ones are dropped and counted. */
const capacity = 4096
/** How long an actor that stops waits for its last events to be stored, and then for them to be published. */
const lastChance = "3 seconds"
const farewell = "500 millis"

/**
 * Writes one camera's events in order: numbers them without gaps, stores them, then publishes them. While the store is away they wait
 * here, in memory; an event is published only once it is stored, and storing never waits for the bus.
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
    const publisher = yield* makeEventPublisher(cameraId)
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
        const last = sequence ?? (yield* patiently(store.progress(cameraId))).stored
        const entries = events.map((event, index) => new EventEntry({ sequence: last + 1 + index, epoch, event }))
        yield* patiently(store.append(cameraId, entries))
        sequence = last + entries.length
        written += entries.length
        publisher.stored(entries)
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
      Effect.gen(function* () {
        yield* mailbox.end
        const flushed = yield* Effect.timeoutOption(Effect.interruptible(Fiber.join(writing)), lastChance)
        if (Option.isNone(flushed)) yield* Effect.logError(`camera ${cameraId} stopped before all its events could be stored`)
        yield* Fiber.interrupt(writing)
        // What is stored and not published, its next actor publishes.
        if (Option.isSome(flushed)) yield* Effect.timeoutOption(Effect.interruptible(publisher.settled), farewell)
      })
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
