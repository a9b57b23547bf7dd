import type { ModelId } from "@vigil/core/Ids"
import { type VideoJobConsumer, type VideoJobDelivery, type VideoJobQueueUnavailable } from "@vigil/core/port/VideoJobQueue"
import { videoJobLanes } from "@vigil/core/VideoJob"
import { decodeVideoJob, type VideoJobHeader, videoJobOf } from "@vigil/core/VideoJobWire"
import { Deferred, Effect, Either, FiberId, Option, type Scope } from "effect"
import { type JsMsg, millis, type Msg } from "nats"
import { now } from "../MonotonicClock.js"
import type { Nats } from "../nats/Nats.js"
import { type JobPlace, makeJobBoard } from "./JobBoard.js"
import { buryJob, type Burial } from "./DeadJobs.js"
import type { JobSettings } from "./JobSettings.js"
import { asking, codeOf, ensureConsumer, type JobNames, type JobStreams, type LazyJobStreams } from "./JobStreams.js"

/** Milliseconds that one question waits at the server: a place that somebody else is busy with answers no sooner. */
const askTime = 25
/** Milliseconds without news after which the groups' real state is looked up: notices are not kept for who was away. */
const lookUpInterval = 2000
/** Milliseconds between tries while the server is away. */
const outagePause = 500

interface Taken {
  readonly message: JsMsg
  readonly place: JobPlace
  readonly header: VideoJobHeader
  readonly bytes: Uint8Array
}

export interface JobConsumerOptions {
  readonly nats: typeof Nats.Service
  readonly names: JobNames
  readonly settings: JobSettings
  readonly streams: LazyJobStreams
  readonly model: ModelId
}

const placeOf = (name: string | undefined, partition: string | undefined): JobPlace | undefined => {
  const lane = videoJobLanes.find((known) => known === name)
  return lane === undefined || partition === undefined ? undefined : { lane, partition: Number(partition) }
}

/** Wakes those who wait for news; what happened before somebody waits does not wake him. */
const makeNews = () => {
  let next = Deferred.unsafeMake<void>(FiberId.none)
  return {
    tell: () => {
      const told = next
      next = Deferred.unsafeMake<void>(FiberId.none)
      Deferred.unsafeDone(told, Effect.void)
    },
    wait: () => Deferred.await(next)
  }
}

/** One worker's membership of a model's group: asks the server for jobs where the board says that there are some. */
export const makeJobConsumer = (
  options: JobConsumerOptions
): Effect.Effect<VideoJobConsumer, VideoJobQueueUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const { model, names, nats, settings, streams } = options
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
      if (!nats.connection.isClosed()) nats.connection.publish(names.slots(model), `${what} ${lane} ${partition}`)
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
      asking(`make the consumer group of ${model}`, async () => {
        const places = videoJobLanes.flatMap((lane) =>
          Array.from({ length: opened.partitions }, (_, partition) => ({ lane, partition }))
        )
        await Promise.all(places.map((place) => ensureConsumer(opened, names, settings, model, place)))
      })
    )

    /** What the server says of the group, whatever was noticed. */
    const lookUp = Effect.gen(function* () {
      if (now() - lookedUp < lookUpInterval) return
      lookedUp = now()
      const { jsm, partitions } = yield* streams.get
      const own = new Map(
        Array.from({ length: partitions }, (_, partition) => [names.consumer(model, partition), partition] as const)
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
    const pull = (opened: JobStreams, place: JobPlace) =>
      Effect.tryPromise({
        try: () => opened.js.pull(names.laneStream(place.lane), names.consumer(model, place.partition), askTime),
        catch: (error) => error
      }).pipe(
        Effect.map(Option.some),
        Effect.catchAll((error) => {
          const code = codeOf(error)
          if (code === "408" || code === "404") return Effect.succeed(Option.none<JsMsg>())
          if (code === "503" || code === "409")
            return Effect.zipRight(streams.forget, Effect.as(ensureGroup, Option.none<JsMsg>()))
          return asking("ask for a job", () => Promise.reject(error instanceof Error ? error : new Error(String(error))))
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
    const giveBack = (message: JsMsg, place: JobPlace, after = 0) => {
      message.nak(after)
      if (after === 0) return free(place, true)
      board.taken(place, now() + after)
      later(after, () => free(place, true))
    }

    const bury = (
      opened: JobStreams,
      message: JsMsg,
      place: JobPlace,
      burial: Omit<Burial, "model" | "deliveries">,
      deliveries: number
    ) =>
      Effect.gen(function* () {
        yield* buryJob(opened, names, { ...burial, model, deliveries })
        message.term()
        yield* removeObject(opened, burial.header)
        free(place, message.info.pending > 0)
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
      message: JsMsg,
      place: JobPlace
    ): Effect.Effect<Option.Option<Taken>, VideoJobQueueUnavailable> =>
      Effect.gen(function* () {
        const read = decodeVideoJob(message.data)
        if (Either.isLeft(read)) {
          yield* Effect.logError(
            `message ${message.seq} of ${names.laneStream(place.lane)} was thrown away: ${read.left.message}`
          )
          message.term()
          free(place, message.info.pending > 0)
          return Option.none()
        }
        const { header } = read.right
        const { deliveryCount } = message.info
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
      const { deliveryCount, pending, timestampNanos } = message.info
      let answered = false

      const answer = <A>(effect: Effect.Effect<A, VideoJobQueueUnavailable>) =>
        Effect.suspend(() => {
          if (answered) return Effect.void
          answered = true
          open.delete(delivery)
          return Effect.asVoid(effect)
        })

      const confirmed = asking("acknowledge a job", () => message.ackAck({ timeout: 2000 }))

      const delivery: VideoJobDelivery = {
        job: videoJobOf(header, bytes),
        terms: header.terms,
        delivery: deliveryCount,
        waited: Math.max(0, performance.timeOrigin + performance.now() - millis(timestampNanos)),
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

    /** Asks one place after the other until one has a job, or none is left. */
    const search: Effect.Effect<VideoJobDelivery | undefined, VideoJobQueueUnavailable> = Effect.gen(function* () {
      const opened = yield* streams.get
      for (let place = board.next(now()); place !== undefined; place = board.next(now())) {
        board.taken(place, now() + busyTime)
        const message = yield* pull(opened, place)
        if (Option.isNone(message)) {
          board.emptied(place)
          board.freed(place)
          continue
        }
        tellGroup("taken", place)
        if (message.value.info.pending === 0) board.emptied(place)
        const taken = yield* unwrap(opened, message.value, place)
        if (Option.isSome(taken)) return deliver(opened, taken.value)
      }
      return undefined
    })

    const patience = () => Math.max(1, Math.min(lookUpInterval, (board.nextAt() ?? Number.POSITIVE_INFINITY) - now()))

    const take: Effect.Effect<VideoJobDelivery> = Effect.suspend(() => {
      const woken = news.wait()
      return search.pipe(
        Effect.flatMap((found) =>
          found === undefined
            ? Effect.zipRight(
                Effect.flatMap(Effect.timeoutOption(woken, patience()), (told) => (Option.isNone(told) ? lookUp : Effect.void)),
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
    yield* listen(names.notices(model), onNotice)
    yield* listen(names.slots(model), onSlot)
    yield* ensureGroup
    yield* lookUp
    return { take }
  })
