import { Effect, Layer, Metric, Option } from "effect"
import { type Erasure, isSelected, mayShow } from "../Erasure.js"
import { Bus } from "../port/Bus.js"
import { ErasureStore } from "../port/ErasureStore.js"
import { VideoJobQueue } from "../port/VideoJobQueue.js"

const erasedEvents = Metric.counter("vigil_erased_events", {
  description: "Stored events that were erased for the privacy of people",
  incremental: true
})

/** Between looks for erasures that were left half done, and for events that were stored late. */
const interval = "1 minute"

const eraseStored = (erasure: Erasure) =>
  Effect.flatMap(ErasureStore, ({ step }) =>
    Effect.iterate(
      { erased: 0, more: true },
      {
        while: ({ more }) => more,
        body: ({ erased }) =>
          step(erasure).pipe(
            Effect.tap((count) => Metric.incrementBy(erasedEvents, count)),
            Effect.map((count) => ({ erased: erased + count, more: count > 0 }))
          )
      }
    )
  )

/** From what keeps copies: the bus, and where there is one, the queue of video for workers. */
const eraseKept = ({ id, tenantId }: Erasure) =>
  Effect.gen(function* () {
    // Where the events were is known from those that are gone.
    const erasure = yield* (yield* ErasureStore).get(tenantId, id)
    const messages = yield* (yield* Bus).erase(tenantId, (entry) => isSelected(erasure.selection, { event: entry.event }))
    const queue = yield* Effect.serviceOption(VideoJobQueue)
    const segments = Option.isNone(queue) ? 0 : yield* queue.value.erase(tenantId, mayShow(erasure))
    return yield* (yield* ErasureStore).finish(erasure, { messages, segments })
  })

/** Erases from the store, then what was made of it: what is not stored any more is not published. */
export const carryOut = (erasure: Erasure) => Effect.zipRight(eraseStored(erasure), eraseKept(erasure))

/** What cannot be done now is done by {@link layerErasures}. */
const orLater =
  ({ id }: Erasure) =>
  <A, E extends { readonly message: string }, R>(work: Effect.Effect<A, E, R>) =>
    work.pipe(
      Effect.asVoid,
      Effect.catchAll((error) => Effect.logWarning(`erasure ${id} goes on later: ${error.message}`)),
      Effect.annotateLogs({ erasure: id })
    )

export const carryOutOrLater = (erasure: Erasure) => orLater(erasure)(carryOut(erasure))

/** What was on its way between store and bus while it was erased, or came since. */
const lookAgain = ({ erasure, isSettled }: { readonly erasure: Erasure; readonly isSettled: boolean }) =>
  Effect.gen(function* () {
    const { erased } = yield* eraseStored(erasure)
    if (erasure.clearedAt !== null && erased === 0 && isSettled) return
    yield* eraseKept(erasure)
  }).pipe(orLater(erasure))

/** Carries every erasure to its end, over restarts and outages, and erases what comes late. */
export const lookAfterErasures = Effect.gen(function* () {
  const { open } = yield* ErasureStore
  yield* Effect.forEach(yield* open, lookAgain, { discard: true })
})

export const layerErasures: Layer.Layer<never, never, ErasureStore | Bus> = Layer.scopedDiscard(
  lookAfterErasures.pipe(
    Effect.catchTag("StoreUnavailable", (error) => Effect.logDebug(error.message)),
    Effect.delay(interval),
    Effect.forever,
    Effect.forkScoped
  )
)
