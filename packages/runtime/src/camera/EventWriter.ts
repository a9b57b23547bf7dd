import { type Event, EventEntry } from "@vigil/core/Event"
import type { CameraId, Epoch } from "@vigil/core/Ids"
import { EventStore, type StaleEpoch } from "@vigil/core/port/EventStore"
import { Effect, Option, Schedule } from "effect"
import { makeOnDemand } from "../OnDemand.js"
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
  readonly written: () => number
  readonly dropped: () => number
}

const retries = Schedule.exponential("200 millis").pipe(Schedule.union(Schedule.spaced("5 seconds")), Schedule.jittered)

/** `onFenced` is called once, when a newer actor of the camera has taken over; nothing is written any more then. */
export const makeEventWriter = (cameraId: CameraId, epoch: Epoch, onFenced: (error: StaleEpoch) => void = () => undefined) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const publisher = yield* makeEventPublisher(cameraId)
    const waiting: Array<Event> = []
    let isOver = false
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

    const writing = yield* Effect.suspend(() => (waiting.length === 0 ? Effect.void : flush(waiting.splice(0)))).pipe(
      Effect.annotateLogs({ camera: cameraId }),
      Effect.catchTag("StaleEpoch", (error) =>
        Effect.sync(() => {
          isOver = true
          dropped += waiting.splice(0).length
          onFenced(error)
        })
      ),
      // Never: it is retried without end.
      Effect.catchTag("StoreUnavailable", (error) => Effect.die(error)),
      makeOnDemand
    )
    yield* Effect.addFinalizer(() =>
      Effect.gen(function* () {
        isOver = true
        const flushed = yield* Effect.timeoutOption(Effect.interruptible(writing.settled), lastChance)
        if (Option.isNone(flushed)) yield* Effect.logError(`camera ${cameraId} stopped before all its events could be stored`)
        // What is stored and not published, its next actor publishes.
        else yield* Effect.timeoutOption(Effect.interruptible(publisher.settled), farewell)
      })
    )

    return {
      write: (event) => {
        const accepted = !isOver && waiting.length < capacity
        if (accepted) {
          waiting.push(event)
          writing.ask()
        } else dropped++
        return accepted
      },
      written: () => written,
      dropped: () => dropped
    } satisfies EventWriter
  })
