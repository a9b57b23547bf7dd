import type { ModelId } from "@vigil/core/Ids"
import { type VideoJobDepth, VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import {
  groupName,
  groupOf,
  type JobGroup,
  laneOf,
  type VideoJob,
  type VideoJobLane,
  videoJobLanes,
  type VideoJobTerms
} from "@vigil/core/VideoJob"
import { encodeVideoJob } from "@vigil/core/VideoJobWire"
import { type ConfigError, Effect, Layer, Option } from "effect"
import { Nats } from "../nats/Nats.js"
import { readDeadJobs, readDeadJobsOf } from "./DeadJobs.js"
import { discardDeadJob, eraseJobs } from "./EraseJobs.js"
import { makeJobConsumer } from "./JobConsumer.js"
import { type JobSettings, jobSettings } from "./JobSettings.js"
import {
  asking,
  groupOfConsumer,
  groupOfSubject,
  type JobNames,
  jobNames,
  type JobStreams,
  type LazyJobStreams,
  makeJobStreams,
  partitionOf
} from "./JobStreams.js"
import { nextStored } from "./StoredMessage.js"

/** Room in a message for its subject and headers. */
const envelope = 4096

interface Publisher {
  readonly nats: typeof Nats.Service
  readonly names: JobNames
  readonly settings: JobSettings
  readonly streams: LazyJobStreams
}

interface GroupCount {
  readonly group: JobGroup
  stored: number
  taken: number
}

/** What is stored for each group in one lane, and how much of it is taken. */
const countJobs = async ({ jsm }: JobStreams, names: JobNames, lane: VideoJobLane): Promise<ReadonlyArray<GroupCount>> => {
  const counts = new Map<string, GroupCount>()
  const add = (group: Option.Option<JobGroup>, stored: number, taken: number) => {
    if (Option.isNone(group)) return
    const name = groupName(group.value)
    const count = counts.get(name) ?? { group: group.value, stored: 0, taken: 0 }
    count.stored += stored
    count.taken += taken
    counts.set(name, count)
  }
  const { state } = await jsm.streams.info(names.laneStream(lane), { subjects_filter: ">" })
  for (const [subject, count] of Object.entries(state.subjects ?? {})) add(groupOfSubject(subject), count, 0)
  for await (const { name, num_ack_pending } of jsm.consumers.list(names.laneStream(lane))) {
    add(groupOfConsumer(name), 0, num_ack_pending)
  }
  return [...counts.values()]
}

/** Seconds since the oldest job of the group in the lane was published. The message comes with its bytes: asked for seldom, and only where jobs wait. */
const lagOf = async (nats: typeof Nats.Service, names: JobNames, lane: VideoJobLane, group: JobGroup): Promise<number> => {
  const oldest = await nextStored(nats, names.laneStream(lane), names.groupLane(lane, group), 1)
  // Absent where the job was done between the two questions.
  return oldest === undefined ? 0 : Math.max(0, (Date.now() - oldest.storedAt) / 1000)
}

const laneDepth = async (
  { names, nats }: Publisher,
  streams: JobStreams,
  lane: VideoJobLane
): Promise<ReadonlyArray<VideoJobDepth>> => {
  const depths: Array<VideoJobDepth> = []
  for (const { group, stored, taken } of await countJobs(streams, names, lane)) {
    const inFlight = Math.min(stored, taken)
    const lag = stored === 0 ? 0 : await lagOf(nats, names, lane, group)
    depths.push({ ...group, lane, waiting: stored - inFlight, inFlight, lag })
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
    const subject = names.job(place, groupOf(job, terms, model), job.customerId, job.cameraId)
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
      consume: (group) => makeJobConsumer({ ...publisher, group }),
      depth: Effect.flatMap(streams.get, (opened) =>
        asking("count jobs", async () => {
          const lanes: Array<ReadonlyArray<VideoJobDepth>> = []
          for (const lane of videoJobLanes) lanes.push(await laneDepth(publisher, opened, lane))
          return lanes.flat()
        })
      ),
      deadLetters: (limit, tenant) =>
        Effect.flatMap(streams.get, (opened) =>
          tenant === undefined ? readDeadJobs(opened, names, limit) : readDeadJobsOf(nats, names, limit, tenant)
        ),
      discardDead: (tenant, jobId) =>
        Effect.flatMap(streams.get, (opened) => discardDeadJob({ ...publisher, streams: opened }, tenant, jobId)),
      erase: (tenant, isErased) =>
        Effect.flatMap(streams.get, (opened) => eraseJobs({ ...publisher, streams: opened }, tenant, isErased))
    })
  })

export const layer = (settings: JobSettings): Layer.Layer<VideoJobQueue, never, Nats> =>
  Layer.effect(VideoJobQueue, make(settings))

/** As the environment says, see {@link jobSettings}. Nothing is made on the server before jobs are used. */
export const layerConfig: Layer.Layer<VideoJobQueue, ConfigError.ConfigError, Nats> = Layer.unwrapEffect(
  Effect.map(jobSettings, layer)
)
