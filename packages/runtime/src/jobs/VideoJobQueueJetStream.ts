import { ModelId } from "@vigil/core/Ids"
import { type VideoJobDepth, VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { laneOf, type VideoJob, type VideoJobLane, videoJobLanes, type VideoJobTerms } from "@vigil/core/VideoJob"
import { encodeVideoJob } from "@vigil/core/VideoJobWire"
import { type ConfigError, Effect, Either, Layer, Schema } from "effect"
import { DirectMsgHeaders } from "nats"
import { Nats } from "../nats/Nats.js"
import { readDeadJobs } from "./DeadJobs.js"
import { makeJobConsumer } from "./JobConsumer.js"
import { type JobSettings, jobSettings } from "./JobSettings.js"
import {
  asking,
  type JobNames,
  jobNames,
  type JobStreams,
  type LazyJobStreams,
  makeJobStreams,
  modelOfConsumer,
  partitionOf,
  requestTimeout
} from "./JobStreams.js"

/** Room in a message for its subject and headers. */
const envelope = 4096

interface Publisher {
  readonly nats: typeof Nats.Service
  readonly names: JobNames
  readonly settings: JobSettings
  readonly streams: LazyJobStreams
}

const decodeModel = Schema.decodeUnknownEither(ModelId)

/** What is stored for a model in one lane, taken or not. */
const storedJobs = async ({ jsm }: JobStreams, names: JobNames, lane: VideoJobLane): Promise<Map<string, number>> => {
  const { state } = await jsm.streams.info(names.laneStream(lane), { subjects_filter: ">" })
  const stored = new Map<string, number>()
  for (const [subject, count] of Object.entries(state.subjects ?? {})) {
    const model = (subject.split(".")[4] ?? "").replaceAll("=2e=", ".")
    stored.set(model, (stored.get(model) ?? 0) + count)
  }
  return stored
}

const takenJobs = async ({ jsm }: JobStreams, names: JobNames, lane: VideoJobLane): Promise<Map<string, number>> => {
  const taken = new Map<string, number>()
  for await (const { name, num_ack_pending } of jsm.consumers.list(names.laneStream(lane))) {
    const model = modelOfConsumer(name)
    if (model !== undefined) taken.set(model, (taken.get(model) ?? 0) + num_ack_pending)
  }
  return taken
}

/** Seconds since the oldest job of the group in the lane was published. The message comes with its bytes: asked for seldom, and only where jobs wait. */
const lagOf = async (nats: typeof Nats.Service, names: JobNames, lane: VideoJobLane, model: ModelId): Promise<number> => {
  const question = JSON.stringify({ seq: 1, next_by_subj: names.groupLane(lane, model) })
  const subject = `$JS.API.DIRECT.GET.${names.laneStream(lane)}`
  const { headers } = await nats.connection.request(subject, question, { timeout: requestTimeout })
  // Absent where the job was done between the two questions.
  const stored = headers?.get(DirectMsgHeaders.TimeStamp) ?? ""
  return stored === "" ? 0 : Math.max(0, (Date.now() - Date.parse(stored)) / 1000)
}

const laneDepth = async (
  { names, nats }: Publisher,
  streams: JobStreams,
  lane: VideoJobLane
): Promise<ReadonlyArray<VideoJobDepth>> => {
  const [stored, taken] = [await storedJobs(streams, names, lane), await takenJobs(streams, names, lane)]
  const depths: Array<VideoJobDepth> = []
  for (const name of new Set([...stored.keys(), ...taken.keys()])) {
    const model = decodeModel(name)
    if (Either.isLeft(model)) continue
    const all = stored.get(name) ?? 0
    const inFlight = Math.min(all, taken.get(name) ?? 0)
    const lag = all === 0 ? 0 : await lagOf(nats, names, lane, model.right)
    depths.push({ model: model.right, lane, waiting: all - inFlight, inFlight, lag })
  }
  return depths
}

/** Publishes the job for one of its models. A large segment goes into the object store first, under the name of this job and model. */
const publishFor = (
  { names, nats, settings }: Publisher,
  streams: JobStreams,
  job: VideoJob,
  terms: VideoJobTerms,
  model: ModelId
) =>
  asking("publish a job", async () => {
    const place = { lane: laneOf(job.metadata.priority), partition: partitionOf(job.cameraId, streams.partitions) }
    const limit = Math.min(settings.inlineBytes, (nats.connection.info?.max_payload ?? settings.inlineBytes) - envelope)
    const object = job.videoSegment.byteLength > limit ? `${job.jobId}.${model}` : undefined
    if (object !== undefined) await streams.objects.putBlob({ name: object }, job.videoSegment)
    const subject = names.job(place, model, job.customerId, job.cameraId)
    await streams.js.publish(subject, encodeVideoJob(job, terms, object), { msgID: `${job.jobId}/${model}` })
  })

const make = (settings: JobSettings) =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const names = jobNames(nats)
    const streams = makeJobStreams(nats, names, settings)
    const publisher = { nats, names, settings, streams }

    const publish = (job: VideoJob, terms: VideoJobTerms) =>
      Effect.flatMap(streams.get, (opened) =>
        Effect.forEach(job.metadata.enabledModels, (model) => publishFor(publisher, opened, job, terms, model), { discard: true })
      )

    return VideoJobQueue.of({
      acknowledgementTime: settings.acknowledgementTime,
      // The streams may be gone since: they are looked for once more.
      publish: (job, terms) => Effect.tapError(publish(job, terms), () => streams.forget),
      consume: (model) => makeJobConsumer({ ...publisher, model }),
      depth: Effect.flatMap(streams.get, (opened) =>
        asking("count jobs", async () => {
          const lanes: Array<ReadonlyArray<VideoJobDepth>> = []
          for (const lane of videoJobLanes) lanes.push(await laneDepth(publisher, opened, lane))
          return lanes.flat()
        })
      ),
      deadLetters: (limit) => Effect.flatMap(streams.get, (opened) => readDeadJobs(opened, names, limit))
    })
  })

export const layer = (settings: JobSettings): Layer.Layer<VideoJobQueue, never, Nats> =>
  Layer.effect(VideoJobQueue, make(settings))

/** As the environment says, see {@link jobSettings}. Nothing is made on the server before jobs are used. */
export const layerConfig: Layer.Layer<VideoJobQueue, ConfigError.ConfigError, Nats> = Layer.unwrapEffect(
  Effect.map(jobSettings, layer)
)
