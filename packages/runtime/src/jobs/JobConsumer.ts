import { type VideoJobConsumer, type VideoJobDelivery, type VideoJobQueueUnavailable } from "@vigil/core/port/VideoJobQueue"
import { groupName, type JobGroup, videoJobLanes } from "@vigil/core/VideoJob"
import { decodeVideoJob, type VideoJobHeader, videoJobOf } from "@vigil/core/VideoJobWire"
import { Effect, Either, Option, type Scope } from "effect"
import type { Msg } from "nats"
import { now } from "../MonotonicClock.js"
import type { Nats } from "../nats/Nats.js"
import { type JobPlace, makeJobBoard } from "./JobBoard.js"
import { buryJob, type Burial } from "./DeadJobs.js"
import { askTime, makePull, type PulledMessage } from "./JobPulls.js"
import type { JobSettings } from "./JobSettings.js"
import { asking, ensureConsumer, type JobNames, type JobStreams, type LazyJobStreams } from "./JobStreams.js"

/** Milliseconds without news after which the groups' real state is looked up: notices are not kept for who was away. */
const lookUpInterval = 2000
/** Milliseconds between tries while the server is away. */
const outagePause = 500

interface Taken {
  readonly message: PulledMessage
  readonly place: JobPlace
  readonly header: VideoJobHeader
  readonly bytes: Uint8Array
}

export interface JobConsumerOptions {
  readonly nats: typeof Nats.Service
  readonly names: JobNames
  readonly settings: JobSettings
  readonly streams: LazyJobStreams
  readonly group: JobGroup
}

const placeOf = (name: string | undefined, partition: string | undefined): JobPlace | undefined => {
  const lane = videoJobLanes.find((known) => known === name)
  return lane === undefined || partition === undefined ? undefined : { lane, partition: Number(partition) }
}

/** Wakes one of those who wait for each piece of news, and lets nobody wait who has not heard the last. */
const makeNews = () => {
  const waiters = new Set<() => void>()
  let told = 0
  return {
    tell: () => {
      told++
      const [first] = waiters
      first?.()
    },
    /** What has been told so far. */
    heard: () => told,
    wait: (heard: number): Effect.Effect<void> =>
      Effect.async((resume) => {
        if (told !== heard) return resume(Effect.void)
        const waiter = () => {
          waiters.delete(waiter)
          resume(Effect.void)
        }
        waiters.add(waiter)
        return Effect.sync(() => void waiters.delete(waiter))
      })
  }
}

/** One worker's membership of a group: asks the server for jobs where the board says that there are some. */
export const makeJobConsumer = (
  options: JobConsumerOptions
): Effect.Effect<VideoJobConsumer, VideoJobQueueUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const { group, names, nats, settings, streams } = options
    const ask = yield* makePull(nats.connection)
    const board = makeJobBoard()
    const news = makeNews()
    const open = new Set<VideoJobDelivery>()
    const timers = new Set<NodeJS.Timeout>()
    let lookedUp = Number.NEGATIVE_INFINITY

    const wake = (place: JobPlace) => {
      board.stored(place)
      news.tell()
    }

    const tellGroup = (what: "taken" | "done" | "more", { lane, partition }: JobPlace) => {
      if (!nats.connection.isClosed()) nats.connection.publish(names.slots(group), `${what} ${lane} ${partition}`)
    }

    /** Longer than the server's, so that a place is not asked for in vain when its worker died. */
    const busyTime = settings.acknowledgementTime + askTime

    const onNotice = ({ subject }: Msg) => {
      const tokens = subject.split(".")
      const place = placeOf(tokens[3], tokens[5])
      if (place !== undefined) wake(place)
    }

    const onSlot = (message: Msg) => {
      const [what, lane, partition] = message.string().split(" ")
      const place = placeOf(lane, partition)
      if (place === undefined) return
      if (what === "taken") return board.taken(place, now() + busyTime)
      board.freed(place)
      if (what === "more") wake(place)
    }

    const listen = (subject: string, onMessage: (message: Msg) => void) =>
      Effect.acquireRelease(
        Effect.sync(() =>
          nats.connection.subscribe(subject, {
            callback: (error, message) => {
              if (error === null) onMessage(message)
            }
          })
        ),
        (subscription) => Effect.sync(() => subscription.unsubscribe())
      )

    const ensureGroup = Effect.flatMap(streams.get, (opened) =>
      asking(`make the consumer group of ${groupName(group)}`, async () => {
        const places = videoJobLanes.flatMap((lane) =>
          Array.from({ length: opened.partitions }, (_, partition) => ({ lane, partition }))
        )
        await Promise.all(places.map((place) => ensureConsumer(opened, names, settings, group, place)))
      })
    )

    /** What the server says of the group, whatever was noticed. */
    const lookUp = Effect.gen(function* () {
      if (now() - lookedUp < lookUpInterval) return
      lookedUp = now()
      const { jsm, partitions } = yield* streams.get
      const own = new Map(
        Array.from({ length: partitions }, (_, partition) => [names.consumer(group, partition), partition] as const)
      )
      for (const lane of videoJobLanes) {
        yield* asking("look up the group", async () => {
          for await (const { name, num_ack_pending, num_pending } of jsm.consumers.list(names.laneStream(lane))) {
            const partition = own.get(name)
            if (partition !== undefined && num_pending + num_ack_pending > 0) wake({ lane, partition })
          }
        })
      }
    })

    const later = (milliseconds: number, act: () => void) => {
      const timer = setTimeout(() => {
        timers.delete(timer)
        act()
      }, milliseconds)
      timers.add(timer)
    }

    /** The next message of a place; none when it has none, or somebody is busy with its last one. */
    const pull = (place: JobPlace) =>
      asking("ask for a job", () => ask(names.laneStream(place.lane), names.consumer(group, place.partition))).pipe(
        Effect.flatMap((answer): Effect.Effect<Option.Option<PulledMessage>, VideoJobQueueUnavailable> => {
          if (answer._tag === "Message") return Effect.succeed(Option.some(answer.message))
          if (answer._tag === "Nothing") return Effect.succeedNone
          return Effect.zipRight(streams.forget, Effect.as(ensureGroup, Option.none()))
        }),
        // A message that came must not be forgotten.
        Effect.uninterruptible
      )

    /** Nobody has a job of the place any more. */
    const free = (place: JobPlace, more: boolean) => {
      board.freed(place)
      tellGroup(more ? "more" : "done", place)
      if (more) wake(place)
    }

    /** The place's job comes again: at once, or after a while. */
    const giveBack = (message: PulledMessage, place: JobPlace, after = 0) => {
      message.nak(after)
      if (after === 0) return free(place, true)
      board.taken(place, now() + after)
      later(after, () => free(place, true))
    }

    const bury = (
      opened: JobStreams,
      message: PulledMessage,
      place: JobPlace,
      burial: Omit<Burial, "model" | "deliveries">,
      deliveries: number
    ) =>
      Effect.gen(function* () {
        yield* buryJob(opened, names, { ...burial, model: group.model, deliveries })
        message.term()
        yield* removeObject(opened, burial.header)
        free(place, message.pending > 0)
      })

    const removeObject = (opened: JobStreams, header: VideoJobHeader) => {
      const segment = header.videoSegment
      return segment._tag === "Inline"
        ? Effect.void
        : asking("remove a segment", () => opened.objects.delete(segment.name)).pipe(
            // It goes by its age otherwise.
            Effect.catchAll((error) => Effect.logWarning(error.message))
          )
    }

    const fetchBytes = (opened: JobStreams, header: VideoJobHeader, inline: Uint8Array) => {
      const segment = header.videoSegment
      return segment._tag === "Inline"
        ? Effect.succeed<Uint8Array | null>(inline)
        : asking("fetch a segment", () => opened.objects.getBlob(segment.name))
    }

    /** A message that can be worked on; what cannot is put away. */
    const unwrap = (
      opened: JobStreams,
      message: PulledMessage,
      place: JobPlace
    ): Effect.Effect<Option.Option<Taken>, VideoJobQueueUnavailable> =>
      Effect.gen(function* () {
        const read = decodeVideoJob(message.data)
        if (Either.isLeft(read)) {
          yield* Effect.logError(
            `message ${message.sequence} of ${names.laneStream(place.lane)} was thrown away: ${read.left.message}`
          )
          message.term()
          free(place, message.pending > 0)
          return Option.none()
        }
        const { header } = read.right
        const { delivery: deliveryCount } = message
        if (deliveryCount > settings.deliveries) {
          const reason = `not answered in ${deliveryCount - 1} deliveries: its workers ended or hung while they had it`
          yield* bury(opened, message, place, { header, reason }, deliveryCount - 1)
          return Option.none()
        }
        const bytes = yield* fetchBytes(opened, header, read.right.bytes)
        if (bytes === null) {
          const reason = "its segment is no longer in the object store"
          yield* bury(opened, message, place, { header, reason }, deliveryCount)
          return Option.none()
        }
        return Option.some({ message, place, header, bytes })
      }).pipe(Effect.tapError(() => Effect.sync(() => giveBack(message, place, settings.retryDelay))))

    const deliver = (opened: JobStreams, { bytes, header, message, place }: Taken): VideoJobDelivery => {
      const { delivery: deliveryCount, pending, storedAt } = message
      let answered = false

      const answer = <A>(effect: Effect.Effect<A, VideoJobQueueUnavailable>) =>
        Effect.suspend(() => {
          if (answered) return Effect.void
          answered = true
          open.delete(delivery)
          return Effect.asVoid(effect)
        })

      const confirmed = asking("acknowledge a job", message.ackSurely)

      const delivery: VideoJobDelivery = {
        job: videoJobOf(header, bytes),
        terms: header.terms,
        delivery: deliveryCount,
        waited: Math.max(0, performance.timeOrigin + performance.now() - storedAt),
        ack: answer(
          header.videoSegment._tag === "Inline"
            ? Effect.sync(() => {
                message.ack()
                free(place, pending > 0)
              })
            : // The object goes only when the job can no longer come again.
              Effect.zipRight(
                confirmed,
                Effect.zipRight(
                  removeObject(opened, header),
                  Effect.sync(() => free(place, pending > 0))
                )
              )
        ),
        nak: (reason) =>
          answer(
            deliveryCount >= settings.deliveries
              ? bury(opened, message, place, { header, reason }, deliveryCount)
              : Effect.sync(() => giveBack(message, place, settings.retryDelay))
          ),
        giveBack: answer(Effect.sync(() => giveBack(message, place))),
        inProgress: Effect.sync(() => {
          if (answered) return
          message.working()
          board.taken(place, now() + busyTime)
          tellGroup("taken", place)
        })
      }
      open.add(delivery)
      return delivery
    }

    const nextPlace = () => {
      const at = now()
      return board.ask(at, at + busyTime)
    }

    /** Asks one place after the other until one has a job, or none is left. */
    const search: Effect.Effect<VideoJobDelivery | undefined, VideoJobQueueUnavailable> = Effect.gen(function* () {
      const opened = yield* streams.get
      for (let place = nextPlace(); place !== undefined; place = nextPlace()) {
        const asked = place
        const message = yield* Effect.tapError(pull(asked), () => Effect.sync(() => free(asked, true)))
        if (Option.isNone(message)) {
          board.missed(asked, now())
          continue
        }
        tellGroup("taken", asked)
        if (message.value.pending > 0) board.stored(asked)
        const taken = yield* unwrap(opened, message.value, asked)
        if (Option.isSome(taken)) return deliver(opened, taken.value)
      }
      return undefined
    })

    const patience = () => Math.max(1, Math.min(lookUpInterval, (board.nextAt() ?? Number.POSITIVE_INFINITY) - now()))

    const take: Effect.Effect<VideoJobDelivery> = Effect.suspend(() => {
      const heard = news.heard()
      return search.pipe(
        Effect.flatMap((found) =>
          found === undefined
            ? Effect.zipRight(
                Effect.flatMap(Effect.timeoutOption(news.wait(heard), patience()), (told) =>
                  Option.isNone(told) ? lookUp : Effect.void
                ),
                take
              )
            : Effect.succeed(found)
        ),
        Effect.catchAll((error) =>
          Effect.zipRight(Effect.logDebug(error.message), Effect.zipRight(Effect.sleep(outagePause), take))
        )
      )
    })

    yield* Effect.addFinalizer(() =>
      Effect.gen(function* () {
        for (const timer of timers) clearTimeout(timer)
        yield* Effect.forEach([...open], ({ giveBack }) => giveBack, { discard: true }).pipe(
          // Whatever cannot be given back now comes again by itself.
          Effect.catchAll((error) => Effect.logDebug(error.message))
        )
      })
    )
    yield* listen(names.notices(group), onNotice)
    yield* listen(names.slots(group), onSlot)
    yield* ensureGroup
    yield* lookUp
    return { take }
  })
