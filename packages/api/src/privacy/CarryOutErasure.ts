import { type Erasure, isSelected } from "@vigil/core/Erasure"
import { Bus } from "@vigil/core/port/Bus"
import { ErasureStore } from "@vigil/core/port/ErasureStore"
import { Effect, Layer, Metric } from "effect"

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

const eraseKept = (erasure: Erasure) =>
  Effect.flatMap(Bus, ({ erase }) => erase(erasure.tenantId, (entry) => isSelected(erasure.selection, { event: entry.event })))

/** Erases from the store, then from the bus: what is not stored any more is not published. */
export const carryOut = (erasure: Erasure) =>
  Effect.gen(function* () {
    const { finish } = yield* ErasureStore
    yield* eraseStored(erasure)
    return yield* finish(erasure, yield* eraseKept(erasure))
  })

/** What was on its way between store and bus while it was erased, or came since. */
const lookAgain = ({ erasure, isSettled }: { readonly erasure: Erasure; readonly isSettled: boolean }) =>
  Effect.gen(function* () {
    if (erasure.finishedAt === null) return yield* Effect.asVoid(carryOut(erasure))
    const { erased } = yield* eraseStored(erasure)
    if (erased === 0 && isSettled) return
    const { finish } = yield* ErasureStore
    yield* finish(erasure, yield* eraseKept(erasure))
  }).pipe(
    Effect.catchAll((error) => Effect.logWarning(`erasure ${erasure.id} goes on later: ${error.message}`)),
    Effect.annotateLogs({ erasure: erasure.id })
  )

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
