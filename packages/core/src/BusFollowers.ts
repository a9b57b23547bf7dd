import { Chunk, Deferred, Effect, Mailbox, Metric, Option, Schedule, type Scope, Stream } from "effect"
import type { BusMessage } from "./BusMessage.js"
import type { BusUnavailable, Delivery, FollowOptions } from "./port/Bus.js"

/** Some of what is kept from a position on. */
export interface BusPage {
  readonly deliveries: ReadonlyArray<Delivery>
  /** Where to read on; the position asked for when nothing is kept from there on. */
  readonly next: number
}

/** How far a follower by position has come. */
interface ReadingPlace {
  readonly position: number
  readonly life: number
}

/** Followers of one bus in this process. */
export interface BusFollowers {
  /** Hands a message that is kept now to every follower from `now`, and wakes those that read by position. In order; never waits. */
  readonly deliver: (delivery: Delivery) => void
  /** Somebody emptied the bus: positions begin with the first one again. */
  readonly beginAnew: () => void
  /** A follower from `now` gets nothing up to `known`: what was published before may still be on its way through the tail. */
  readonly follow: (options: FollowOptions, known?: number) => Effect.Effect<Stream.Stream<Delivery>, never, Scope.Scope>
}

const dropped = Metric.counter("vigil_bus_dropped_messages", {
  description: "Messages that a slow follower of the bus lost",
  incremental: true
})

/** How far a follower from `now` may be behind before it loses its oldest messages. */
const defaultCapacity = 1024
/** A follower by position looks again after this long even where it was told of nothing. */
const longestSleep = "5 seconds"
const moment = "20 millis"
const patience = Schedule.exponential("100 millis").pipe(Schedule.union(Schedule.spaced("2 seconds")), Schedule.jittered)

export const isWanted = ({ tenant, types }: FollowOptions, message: BusMessage): boolean =>
  (tenant === undefined || tenant === message.tenantId) && (types === undefined || types.includes(message.type))

/**
 * What all implementations of the bus have in common: followers from `now` are fed from one tail of the bus, each through a bounded buffer of its
 * own; followers by position read pages at their own pace.
 */
export const makeBusFollowers = (options: {
  readonly read: (from: number, wanted: FollowOptions) => Effect.Effect<BusPage, BusUnavailable>
  readonly capacity?: number | undefined
}): BusFollowers => {
  const capacity = options.capacity ?? defaultCapacity
  const tails = new Set<(delivery: Delivery) => void>()
  const sleepers = new Set<() => void>()
  /** Counts how often the bus began anew. */
  let life = 0

  /** What the tail has told that one follower by position wants: where that is behind its place, there is something to read. */
  const watchTail = (wanted: FollowOptions) =>
    Effect.gen(function* () {
      const news = yield* Effect.makeLatch(false)
      const told = { newest: 0, news }
      const note = ({ message, position }: Delivery) => {
        if (!isWanted(wanted, message)) return
        told.newest = position
        news.unsafeOpen()
      }
      const wake = () => {
        told.newest = 0
        news.unsafeOpen()
      }
      yield* Effect.acquireRelease(
        Effect.sync(() => (tails.add(note), sleepers.add(wake))),
        () => Effect.sync(() => (tails.delete(note), sleepers.delete(wake)))
      )
      return told
    })

  type Told = Effect.Effect.Success<ReturnType<typeof watchTail>>

  /** Waits for news. A server may know of a message a moment later than the tail tells of it. */
  const rest = (told: Told, from: number): Effect.Effect<void> =>
    told.newest >= from ? Effect.sleep(moment) : told.news.await.pipe(Effect.timeoutOption(longestSleep), Effect.asVoid)

  const nextPage = (place: ReadingPlace, wanted: FollowOptions, told: Told): Effect.Effect<readonly [BusPage, number]> =>
    Effect.suspend(() => {
      const now = life
      const from = place.life === now ? place.position : 1
      told.news.unsafeClose()
      return options.read(from, wanted).pipe(
        Effect.tapError((error) => Effect.logDebug(error.message)),
        Effect.retry({ schedule: patience, while: () => now === life }),
        // The schedule has no end, but for a bus that began anew.
        Effect.catchTag("BusUnavailable", () => Effect.succeed({ deliveries: [], next: from })),
        Effect.flatMap((page) =>
          page.next > from || now !== life
            ? Effect.succeed([page, now] as const)
            : Effect.zipRight(rest(told, from), nextPage({ position: from, life: now }, wanted, told))
        )
      )
    })

  const fromPosition = (position: number, wanted: FollowOptions) =>
    Effect.gen(function* () {
      const closed = yield* Deferred.make<void>()
      yield* Effect.addFinalizer(() => Deferred.succeed(closed, undefined))
      const told = yield* watchTail(wanted)
      return Stream.paginateChunkEffect<ReadingPlace, Delivery, never, never>(
        { position: Math.max(1, position), life },
        (place) =>
          Effect.map(nextPage(place, wanted, told), ([page, at]) => [
            Chunk.unsafeFromArray(page.deliveries),
            Option.some({ position: page.next, life: at })
          ])
      ).pipe(Stream.interruptWhenDeferred(closed))
    })

  const fromNow = (wanted: FollowOptions, known: number) =>
    Effect.gen(function* () {
      const mailbox = yield* Mailbox.make<Delivery>({ capacity, strategy: "sliding" })
      const begun = life
      const offer = (delivery: Delivery) => {
        if ((delivery.position <= known && begun === life) || !isWanted(wanted, delivery.message)) return
        const waiting = mailbox.unsafeSize()
        mailbox.unsafeOffer(delivery)
        if (Option.isSome(waiting) && waiting.value >= capacity) dropped.unsafeUpdate(1, [])
      }
      yield* Effect.acquireRelease(
        Effect.sync(() => tails.add(offer)),
        () => Effect.sync(() => tails.delete(offer)).pipe(Effect.zipRight(mailbox.shutdown))
      )
      return Mailbox.toStream(mailbox)
    })

  return {
    deliver: (delivery) => {
      for (const offer of tails) offer(delivery)
    },
    beginAnew: () => {
      life += 1
      for (const wake of sleepers) wake()
    },
    follow: (wanted, known = 0) => (wanted.from === "now" ? fromNow(wanted, known) : fromPosition(wanted.from, wanted))
  }
}
