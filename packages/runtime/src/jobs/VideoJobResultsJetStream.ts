import type { CameraId } from "@vigil/core/Ids"
import { VideoJobResults } from "@vigil/core/port/VideoJobResults"
import { VideoJobResult } from "@vigil/core/VideoJobResult"
import { type ConfigError, Deferred, Effect, Either, Layer, Mailbox, Schedule, Schema } from "effect"
import type { ConsumerMessages, JsMsg } from "nats"
import { Nats } from "../nats/Nats.js"
import { type JobSettings, jobSettings } from "./JobSettings.js"
import { asking, type JobNames, jobNames, type LazyJobStreams, makeJobStreams } from "./JobStreams.js"

/** Results that a follower may be behind. */
const capacity = 256

/** Milliseconds of one request for results; half of it without a sign of life, and the client asks anew. */
const requestTime = 5000

/** An outage is told of now and then. */
const patiently = Schedule.exponential("1 second").pipe(Schedule.union(Schedule.spaced("30 seconds")))

const Json = Schema.parseJson(VideoJobResult)
/** A result has nothing in it that JSON has not, and is checked where it is read. */
const encode = (result: typeof VideoJobResult.Encoded): string => JSON.stringify(result)
const decode = Schema.decodeUnknownEither(Json)

/** Who waits for the results of which camera on this node. */
type Followers = Map<Mailbox.Mailbox<VideoJobResult>, CameraId>

const deliver = (followers: Followers, message: JsMsg): Effect.Effect<void> => {
  // vigil.<cluster>.job-results.<tenant>.<camera>: what is not for this node is not opened.
  const camera = message.subject.split(".")[4]
  const wanted = [...followers].filter(([, cameraId]) => cameraId === camera)
  if (wanted.length === 0) return Effect.void
  const result = decode(Buffer.from(message.data).toString("utf8"))
  if (Either.isLeft(result)) return Effect.logWarning(`a job's result cannot be read: ${result.left.message}`)
  for (const [mailbox] of wanted) mailbox.unsafeOffer(result.right)
  return Effect.void
}

interface Reader {
  readonly streams: LazyJobStreams
  readonly names: JobNames
  readonly followers: Followers
  /** The first message that was not read yet. */
  position: number | undefined
}

/** Reads the results of the whole cluster in order, over outages: the client asks again from where it was. */
const read = (reader: Reader, ready: Deferred.Deferred<void>) =>
  Effect.gen(function* () {
    const { followers, names } = reader
    const { js, jsm } = yield* reader.streams.get
    const { state } = yield* asking("follow results", () => jsm.streams.info(names.resultStream))
    // A server that lost its data counts from the beginning.
    const start = Math.min(reader.position ?? Number.POSITIVE_INFINITY, state.last_seq + 1)
    const messages = yield* Effect.acquireRelease(
      asking("follow results", async (): Promise<ConsumerMessages> => {
        const consumer = await js.consumers.get(names.resultStream, { opt_start_seq: start })
        return consumer.consume({ max_messages: 64, expires: requestTime })
      }),
      (open) => Effect.promise(async () => void (await open.close()))
    )
    yield* Deferred.succeed(ready, undefined)
    const iterator = messages[Symbol.asyncIterator]()
    while (true) {
      const next = yield* asking("follow results", () => iterator.next())
      if (next.done === true) return
      reader.position = next.value.seq + 1
      yield* deliver(followers, next.value)
    }
  }).pipe(
    Effect.scoped,
    Effect.tapError((error) => Effect.zipRight(reader.streams.forget, Effect.logWarning(error.message))),
    Effect.retry(patiently),
    Effect.repeat(Schedule.spaced("1 second"))
  )

const make = (settings: JobSettings) =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const names = jobNames(nats)
    const streams = makeJobStreams(nats, names, settings)
    const followers: Followers = new Map()
    const ready = yield* Deferred.make<void>()
    /** One reader for all cameras of the node, from when the first one asks. */
    const scope = yield* Effect.scope
    const reading = yield* read({ streams, names, followers, position: undefined }, ready).pipe(
      Effect.forkIn(scope),
      Effect.cached
    )

    return VideoJobResults.of({
      limit: settings.resultLimit,
      publish: (result) =>
        Effect.flatMap(streams.get, ({ js }) =>
          asking("publish a result", () =>
            js.publish(names.result(result.customerId, result.cameraId), encode(result), {
              msgID: `${result.jobId}/${result.model}`
            })
          )
        ).pipe(
          Effect.tapError(() => streams.forget),
          Effect.asVoid
        ),
      follow: (cameraId) =>
        Effect.gen(function* () {
          const mailbox = yield* Mailbox.make<VideoJobResult>({ capacity, strategy: "sliding" })
          yield* Effect.acquireRelease(
            Effect.sync(() => followers.set(mailbox, cameraId)),
            () => Effect.sync(() => followers.delete(mailbox)).pipe(Effect.zipRight(mailbox.shutdown))
          )
          yield* reading
          yield* Deferred.await(ready)
          return Mailbox.toStream(mailbox)
        })
    })
  })

export const layer = (settings: JobSettings): Layer.Layer<VideoJobResults, never, Nats> =>
  Layer.scoped(VideoJobResults, make(settings))

/** As the environment says, see {@link jobSettings}. */
export const layerConfig: Layer.Layer<VideoJobResults, ConfigError.ConfigError, Nats> = Layer.unwrapEffect(
  Effect.map(jobSettings, layer)
)
