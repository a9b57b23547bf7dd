import type { ModelId, TenantId } from "@vigil/core/Ids"
import { DeadVideoJob } from "@vigil/core/port/VideoJobQueue"
import type { VideoJobHeader } from "@vigil/core/VideoJobWire"
import { DateTime, Effect, Either, Metric, Option, Schema } from "effect"
import type { Nats } from "../nats/Nats.js"
import { asking, codeOf, type JobNames, type JobStreams } from "./JobStreams.js"
import { nextStored } from "./StoredMessage.js"

/** Names of headers, reasons: whatever a worker says is cut to this many characters. */
const longestReason = 1000

const Json = Schema.parseJson(DeadVideoJob)
const encode = Schema.encodeSync(Json)
const decode = Schema.decodeUnknownEither(Json)

const deadJobs = Metric.counter("vigil_video_jobs_dead", {
  description: "VideoJobs that this process gave up",
  incremental: true
})

export interface Burial {
  readonly header: VideoJobHeader
  readonly model: ModelId
  readonly reason: string
  readonly deliveries: number
}

/** Keeps a dead letter of the job. A worker that dies right after leaves the same letter again, which is taken for the first one. */
export const buryJob = ({ js }: JobStreams, names: JobNames, { deliveries, header, model, reason }: Burial) =>
  Effect.gen(function* () {
    const { cameraId, customerId, jobId, segmentSequence } = header
    const at = yield* DateTime.now
    const cut = reason.slice(0, longestReason)
    const letter = encode({ jobId, customerId, cameraId, segmentSequence, model, reason: cut, deliveries, at })
    yield* asking("keep a dead letter", () =>
      js.publish(names.dead(model, customerId, cameraId), letter, { msgID: `${jobId}/${model}` })
    )
    yield* Metric.increment(deadJobs)
    yield* Effect.logWarning(`job ${jobId} of camera ${cameraId} was given up by ${model} after ${deliveries} tries: ${cut}`)
  })

const noMessage = "10037"

/** None where it is of another version, or not Vigil's. */
export const readDeadJob = (data: Uint8Array): Option.Option<DeadVideoJob> =>
  Either.getRight(decode(Buffer.from(data).toString("utf8")))

const readLetter = async ({ jsm }: JobStreams, names: JobNames, sequence: number): Promise<DeadVideoJob | undefined> => {
  try {
    const { data } = await jsm.streams.getMessage(names.deadStream, { seq: sequence })
    return Option.getOrUndefined(readDeadJob(data))
  } catch (error) {
    if (codeOf(error) === noMessage) return undefined
    throw error
  }
}

/** The newest letters, newest first. */
export const readDeadJobs = (streams: JobStreams, names: JobNames, limit: number) =>
  asking("read dead letters", async () => {
    const { state } = await streams.jsm.streams.info(names.deadStream)
    const letters: Array<DeadVideoJob> = []
    for (let sequence = state.last_seq; sequence >= state.first_seq && sequence > 0 && letters.length < limit; sequence--) {
      const letter = await readLetter(streams, names, sequence)
      if (letter !== undefined) letters.push(letter)
    }
    return letters
  })

/** The same of one tenant: all of its letters are gone through, and nobody else's. */
export const readDeadJobsOf = (nats: typeof Nats.Service, names: JobNames, limit: number, tenant: TenantId) =>
  asking("read dead letters", async () => {
    const letters: Array<DeadVideoJob> = []
    for (let from = 1; ; ) {
      const message = await nextStored(nats, names.deadStream, names.deadOf(tenant), from)
      if (message === undefined) return letters.toReversed()
      from = message.sequence + 1
      const letter = Option.getOrUndefined(readDeadJob(message.data))
      if (letter !== undefined) letters.push(letter)
      if (letters.length > limit) letters.shift()
    }
  })
