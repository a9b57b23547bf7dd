import { Clock, Effect, Metric, Option } from "effect"
import type { StoreUnavailable } from "../port/StoreError.js"

const reads = Metric.counter("vigil_settings_reads", {
  description:
    "Questions for settings: `hit` was remembered, `miss` was read, `stale` is what was known while the database is away, `failed` got none",
  incremental: true
})
const refreshes = Metric.counter("vigil_settings_refreshes", {
  description: "Settings that were read again before anybody asked for them: because of their `age`, or of a `change`",
  incremental: true
})

type ReadResult = "hit" | "miss" | "stale" | "failed"

const counted = (result: ReadResult) => Metric.increment(Metric.tagged(reads, "result", result))

/** Milliseconds in which a store that failed is not asked again. */
const pause = 1000
/** What is in use is read again at this share of its time, so that nobody waits for it. */
const refreshAt = 0.8

/** Something that is read from a store, remembered for a time, and read again before that is over as long as somebody uses it. */
export interface Remembered<A> {
  /** What is remembered while the store is away, however old. */
  readonly get: Effect.Effect<A, StoreUnavailable>
  /** What is remembered is not to be trusted any more: it is read again now. */
  readonly renew: Effect.Effect<void, StoreUnavailable>
  /** To be called now and then; `isUsed` says that somebody lives on it without asking. Answers false once nobody has used it for all of its time. */
  readonly tend: (isUsed: boolean) => Effect.Effect<boolean>
}

export interface RememberedOptions<A> {
  readonly read: Effect.Effect<A, StoreUnavailable>
  readonly isSame: (a: A, b: A) => boolean
  /** Told whenever another value was read than somebody has; also the first one, after somebody got none. */
  readonly onChange: Effect.Effect<void>
  /** Milliseconds. */
  readonly timeToLive: number
}

interface Known<A> {
  readonly value: A
  readonly readAt: number
  readonly generation: number
}

interface Failure {
  readonly error: StoreUnavailable
  readonly at: number
}

export const makeRemembered = <A>({ isSame, onChange, read, timeToLive }: RememberedOptions<A>): Effect.Effect<Remembered<A>> =>
  Effect.gen(function* () {
    const turn = yield* Effect.makeSemaphore(1)
    let usedAt = yield* Clock.currentTimeMillis
    let known: Known<A> | undefined
    let failure: Failure | undefined
    /** Counts how often it was said to have changed: a read that began before tells what was then. */
    let generation = 0

    const age = (now: number) => (known?.generation === generation ? now - known.readAt : Number.POSITIVE_INFINITY)

    const readNow = Effect.gen(function* () {
      const readAt = yield* Clock.currentTimeMillis
      const asked = generation
      const value = yield* Effect.tapError(read, (error) =>
        Effect.sync(() => {
          failure = { error, at: readAt }
        })
      )
      const isOther = known === undefined ? failure !== undefined : !isSame(known.value, value)
      known = { value, readAt, generation: asked }
      failure = undefined
      if (isOther) yield* onChange
      return value
    })

    const failed = (error: StoreUnavailable) =>
      known === undefined ? Effect.zipRight(counted("failed"), error) : Effect.as(counted("stale"), known.value)

    const remembered = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      usedAt = now
      return known !== undefined && age(now) < timeToLive ? Option.some(known.value) : Option.none()
    })

    const ask = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      // Somebody before in the queue has read it.
      const found = yield* remembered
      if (Option.isSome(found)) return yield* Effect.as(counted("hit"), found.value)
      if (failure !== undefined && now - failure.at < pause) return yield* failed(failure.error)
      return yield* Effect.matchEffect(readNow, { onSuccess: (value) => Effect.as(counted("miss"), value), onFailure: failed })
    })

    const renewed = (reason: "age" | "change") =>
      Effect.zipLeft(readNow, Metric.increment(Metric.tagged(refreshes, "reason", reason)))

    return {
      get: Effect.flatMap(
        remembered,
        Option.match({ onNone: () => turn.withPermits(1)(ask), onSome: (value) => Effect.as(counted("hit"), value) })
      ),
      renew: Effect.suspend(() => {
        generation += 1
        return Effect.asVoid(turn.withPermits(1)(renewed("change")))
      }),
      tend: (isUsed) =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          if (!isUsed && now - usedAt >= timeToLive) return false
          if (age(now) >= refreshAt * timeToLive) {
            yield* Effect.catchAll(turn.withPermits(1)(renewed("age")), (error) => Effect.logDebug(error.message))
          }
          return true
        })
    }
  })
