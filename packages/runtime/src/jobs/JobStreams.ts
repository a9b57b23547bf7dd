import { createHash } from "node:crypto"
import type { CameraId, ModelId, TenantId } from "@vigil/core/Ids"
import { VideoJobQueueUnavailable } from "@vigil/core/port/VideoJobQueue"
import { groupName, groupNamed, type JobGroup, type VideoJobLane, videoJobLanes } from "@vigil/core/VideoJob"
import { Effect, type Option } from "effect"
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  nanos,
  NatsError,
  type ObjectStore,
  RetentionPolicy,
  StorageType,
  type StreamConfig
} from "nats"
import type { Nats } from "../nats/Nats.js"
import type { JobPlace } from "./JobBoard.js"
import type { JobSettings } from "./JobSettings.js"

/** Results wait this long for an actor that was away, and are known that long, so that none comes twice. */
const resultAge = 5 * 60_000
const resultBytes = 32 * 1024 * 1024
const deadAge = 7 * 24 * 3_600_000
const deadBytes = 16 * 1024 * 1024
/** A group that nobody asked for this long is forgotten; its jobs stay as long as others. */
const idleGroup = 24 * 3_600_000
const duplicateWindow = 2 * 60_000

/** Milliseconds for an answer of the server. */
export const requestTimeout = 5000

/** Model ids have dots, names of consumers must not. */
const nameOf = (group: JobGroup): string => groupName(group).replaceAll(".", "=")

/**
 * Names of everything that jobs are on the server, below the cluster's own:
 *
 * ```
 * stream   <cluster>-video-jobs-<lane>      vigil.<cluster>.jobs.<lane>.<group>.<partition>.<tenant>.<camera>, told again without its bytes as
 *                                           vigil.<cluster>.job-notices.<lane>.<group>.<partition>.<tenant>.<camera>
 * consumer <group>-p<partition>             in each lane, together the group: a model's, or a tenant's own model's
 * stream   <cluster>-video-job-results      vigil.<cluster>.job-results.<tenant>.<camera>
 * stream   <cluster>-video-jobs-dead        vigil.<cluster>.dead-jobs.<model>.<tenant>.<camera>
 * bucket   <cluster>-video-segments         an object for each job with a large segment
 * subject  vigil.<cluster>.job-slots.<group>  what the workers of a group tell each other
 * ```
 */
export const jobNames = (nats: typeof Nats.Service) => ({
  laneStream: (lane: VideoJobLane) => `${nats.cluster}-video-jobs-${lane}`,
  lanePartition: (lane: VideoJobLane, partition: number) => nats.subject("jobs", lane, "*", String(partition), ">"),
  job: (place: JobPlace, group: JobGroup, customer: TenantId, camera: CameraId) =>
    nats.subject("jobs", place.lane, groupName(group), String(place.partition), customer, camera),
  groupPartition: (place: JobPlace, group: JobGroup) =>
    nats.subject("jobs", place.lane, groupName(group), String(place.partition), ">"),
  groupLane: (lane: VideoJobLane, group: JobGroup) => nats.subject("jobs", lane, groupName(group), ">"),
  /** A tenant's jobs of all groups. */
  jobsOf: (lane: VideoJobLane, customer: TenantId) => nats.subject("jobs", lane, "*", "*", customer, "*"),
  notices: (group: JobGroup) => nats.subject("job-notices", "*", groupName(group), ">"),
  consumer: (group: JobGroup, partition: number) => `${nameOf(group)}-p${partition}`,
  slots: (group: JobGroup) => nats.subject("job-slots", groupName(group)),
  resultStream: `${nats.cluster}-video-job-results`,
  result: (customer: TenantId, camera: CameraId) => nats.subject("job-results", customer, camera),
  deadStream: `${nats.cluster}-video-jobs-dead`,
  dead: (model: ModelId, customer: TenantId, camera: CameraId) => nats.subject("dead-jobs", model, customer, camera),
  deadOf: (customer: TenantId) => nats.subject("dead-jobs", "*", customer, "*"),
  bucket: `${nats.cluster}-video-segments`
})

export type JobNames = ReturnType<typeof jobNames>

/** The group that a consumer is of; none for a consumer of somebody else. */
export const groupOfConsumer = (name: string): Option.Option<JobGroup> =>
  groupNamed(/^(.+)-p\d+$/.exec(name)?.[1]?.replaceAll("=", ".") ?? "")

/** The group that a job's subject names. */
export const groupOfSubject = (subject: string): Option.Option<JobGroup> =>
  groupNamed((subject.split(".")[4] ?? "").replaceAll("=2e=", ".").replaceAll("=40=", "@"))

/** The partition of a camera: the same on every node. */
export const partitionOf = (camera: CameraId, partitions: number): number =>
  createHash("sha256").update(camera).digest().readUInt32BE(0) % partitions

/** What jobs are on the server, made if it was not there. */
export interface JobStreams {
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
  readonly objects: ObjectStore
  readonly partitions: number
}

export const codeOf = (error: unknown): string =>
  error instanceof NatsError ? (error.api_error?.err_code ?? error.code).toString() : ""

const advice = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const code = codeOf(error)
  if (code === "10039" || code === "10076" || code === "503") {
    return `${error.message}: JetStream must be enabled on the NATS server, for this account`
  }
  if (code === "10047" || code === "10028" || code === "10023") {
    return `${error.message}: give JetStream more room on the server, or set VIGIL_JOBS_MAX_MB`
  }
  return error.message
}

/** A call of the NATS client as an effect. */
export const asking = <A>(operation: string, call: () => Promise<A>): Effect.Effect<A, VideoJobQueueUnavailable> =>
  Effect.tryPromise({ try: call, catch: (error) => new VideoJobQueueUnavailable({ operation, detail: advice(error) }) })

const streamNotFound = "10059"

/** Makes the stream, or changes the one that is there as far as it differs in its limits. */
const ensureStream = async (jsm: JetStreamManager, config: Partial<StreamConfig> & { readonly name: string }) => {
  try {
    const { config: found } = await jsm.streams.info(config.name)
    const { max_age, max_bytes } = config
    if (found.max_age === max_age && found.max_bytes === max_bytes) return found
    const updated = await jsm.streams.update(config.name, {
      ...found,
      ...(max_age && { max_age }),
      ...(max_bytes && { max_bytes })
    })
    return updated.config
  } catch (error) {
    if (codeOf(error) !== streamNotFound) throw error
    const made = await jsm.streams.add({ storage: StorageType.File, allow_direct: true, discard: DiscardPolicy.Old, ...config })
    return made.config
  }
}

const openStreams = async (nats: typeof Nats.Service, names: JobNames, settings: JobSettings): Promise<JobStreams> => {
  const js = nats.connection.jetstream({ timeout: requestTimeout })
  const jsm = await nats.connection.jetstreamManager({ timeout: requestTimeout, checkAPI: false })
  let partitions = settings.partitions
  for (const lane of videoJobLanes) {
    const { subjects } = await ensureStream(jsm, {
      name: names.laneStream(lane),
      subjects: Array.from({ length: partitions }, (_, partition) => names.lanePartition(lane, partition)),
      retention: RetentionPolicy.Workqueue,
      max_age: nanos(settings.maxAge),
      max_bytes: settings.maxBytes,
      num_replicas: settings.replicas,
      duplicate_window: nanos(Math.min(duplicateWindow, settings.maxAge)),
      republish: { src: nats.subject("jobs", lane, ">"), dest: nats.subject("job-notices", lane, ">"), headers_only: true }
    })
    // What the first node chose holds for all: other partitions would have no subject.
    partitions = subjects.length
  }
  await ensureStream(jsm, {
    name: names.resultStream,
    subjects: [nats.subject("job-results", ">")],
    retention: RetentionPolicy.Limits,
    max_age: nanos(resultAge),
    max_bytes: resultBytes,
    num_replicas: settings.replicas,
    duplicate_window: nanos(resultAge)
  })
  await ensureStream(jsm, {
    name: names.deadStream,
    subjects: [nats.subject("dead-jobs", ">")],
    retention: RetentionPolicy.Limits,
    max_age: nanos(deadAge),
    max_bytes: deadBytes,
    num_replicas: settings.replicas
  })
  const objects = await js.views.os(names.bucket, {
    ttl: nanos(settings.maxAge),
    storage: StorageType.File,
    replicas: settings.replicas,
    max_bytes: settings.maxBytes
  })
  return { js, jsm, objects, partitions }
}

/** The streams, opened when they are asked for first, and again after they were found missing. */
export interface LazyJobStreams {
  readonly get: Effect.Effect<JobStreams, VideoJobQueueUnavailable>
  /** They are gone (a server that came back without its data): the next `get` makes them. */
  readonly forget: Effect.Effect<void>
}

export const makeJobStreams = (nats: typeof Nats.Service, names: JobNames, settings: JobSettings): LazyJobStreams => {
  const one = Effect.unsafeMakeSemaphore(1)
  let opened: JobStreams | undefined
  return {
    get: Effect.suspend(() =>
      opened === undefined
        ? one.withPermits(1)(
            Effect.suspend(() =>
              opened === undefined
                ? Effect.tap(
                    asking("open the streams of jobs", () => openStreams(nats, names, settings)),
                    (streams) =>
                      Effect.sync(() => {
                        opened = streams
                      })
                  )
                : Effect.succeed(opened)
            )
          )
        : Effect.succeed(opened)
    ),
    forget: Effect.sync(() => {
      opened = undefined
    })
  }
}

/** Makes the group's consumer of one place: one job in flight, each job until somebody acknowledges it. */
export const ensureConsumer = async (
  { jsm }: JobStreams,
  names: JobNames,
  { acknowledgementTime }: JobSettings,
  group: JobGroup,
  place: JobPlace
): Promise<void> => {
  await jsm.consumers.add(names.laneStream(place.lane), {
    durable_name: names.consumer(group, place.partition),
    filter_subject: names.groupPartition(place, group),
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    // Order: the server hands out the next job of a partition only when this one is done.
    max_ack_pending: 1,
    ack_wait: nanos(acknowledgementTime),
    // Tries are counted by the workers, so that a job that is given up leaves a dead letter.
    max_deliver: -1,
    inactive_threshold: nanos(idleGroup)
  })
}
