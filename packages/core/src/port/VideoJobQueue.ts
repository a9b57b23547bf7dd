import { Context, Schema } from "effect"
import type { Effect, Scope } from "effect"
import type { VideoPart } from "../Erasure.js"
import { CameraId, ModelId, TenantId, VideoJobId } from "../Ids.js"
import { type JobGroup, type VideoJob, VideoJobLane, type VideoJobTerms } from "../VideoJob.js"

/** The queue cannot be reached, or refuses; what was asked for did not happen, and may be asked for again. */
export class VideoJobQueueUnavailable extends Schema.TaggedError<VideoJobQueueUnavailable>()("VideoJobQueueUnavailable", {
  operation: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.operation}: the job queue is not available: ${this.detail}`
  }
}

/** One try at a job. It is the taker's until it is answered, or until nothing was heard of it for the queue's acknowledgement time. */
export interface VideoJobDelivery {
  readonly job: VideoJob
  readonly terms: VideoJobTerms
  /** Counts the tries, from 1. */
  readonly delivery: number
  /** Milliseconds that the job waited since it was published. */
  readonly waited: number
  /** Done: it does not come again. */
  readonly ack: Effect.Effect<void, VideoJobQueueUnavailable>
  /** Failed: it comes again after a moment, or becomes a dead letter with this reason when it was the last try. */
  readonly nak: (reason: string) => Effect.Effect<void, VideoJobQueueUnavailable>
  /** Not begun, or not finished for no fault of the job: somebody else may take it at once. */
  readonly giveBack: Effect.Effect<void, VideoJobQueueUnavailable>
  /** Still at it: the acknowledgement time begins anew. To be called at least three times in it. */
  readonly inProgress: Effect.Effect<void, VideoJobQueueUnavailable>
}

/** One worker's membership of a consumer group. */
export interface VideoJobConsumer {
  /**
   * The next job, most urgent lane first; waits until there is one, outages included. May be called by several fibers at once. Interrupted while it
   * waits, it takes none.
   */
  readonly take: Effect.Effect<VideoJobDelivery>
}

/** How a consumer group is doing in one lane. */
export const VideoJobDepth = Schema.Struct({
  model: ModelId,
  /** Whose own model it is; absent of the installation's. */
  owner: Schema.optional(TenantId),
  lane: VideoJobLane,
  /** Jobs that nobody has taken yet. */
  waiting: Schema.Int.pipe(Schema.nonNegative()),
  /** Jobs that workers have. */
  inFlight: Schema.Int.pipe(Schema.nonNegative()),
  /** How far the group is behind: seconds since the oldest job that is not done was published, at the most; 0 when all are done. */
  lag: Schema.Number.pipe(Schema.nonNegative())
}).annotations({ identifier: "VideoJobDepth" })
export type VideoJobDepth = typeof VideoJobDepth.Type

/** A job that was given up. The bytes of its segment are not kept: video is not held longer than its queue promises. */
export const DeadVideoJob = Schema.Struct({
  jobId: VideoJobId,
  customerId: TenantId,
  cameraId: CameraId,
  segmentSequence: Schema.Int,
  model: ModelId,
  reason: Schema.String,
  deliveries: Schema.Int.pipe(Schema.positive()),
  at: Schema.DateTimeUtc
}).annotations({ identifier: "DeadVideoJob" })
export type DeadVideoJob = typeof DeadVideoJob.Type

/** There is no such dead letter. */
export class DeadJobNotFound extends Schema.TaggedError<DeadJobNotFound>()("DeadJobNotFound", { jobId: VideoJobId }) {
  override get message() {
    return `no job ${this.jobId} was given up`
  }
}

/** Dead letters that are looked through at the most, the newest. */
export const mostDeadLetters = 10_000

/** The segment of a job. */
export const partOfJob = ({
  cameraId,
  metadata,
  timestamp
}: Pick<VideoJob, "cameraId" | "metadata" | "timestamp">): VideoPart => ({
  cameraId,
  from: timestamp.epochMillis,
  to: timestamp.epochMillis + metadata.duration * 1000
})

/** Where the segment of a job that was given up must have been, that was kept for `maxAge` milliseconds at the most. */
export const partOfLetter = ({ at, cameraId }: DeadVideoJob, maxAge: number): VideoPart => ({
  cameraId,
  from: at.epochMillis - maxAge,
  to: at.epochMillis
})

/**
 * Brings VideoJobs to workers. Every model has a consumer group of its own, a customer's own model one for itself, which gets each job that names the model; a job is done for a
 * group once one of its workers acknowledged it. Within a group a camera's jobs of one lane are taken in the order of their publication, one at a time: the next one only when the one before
 * is done, or dead. What is not acknowledged comes again; after some tries it is a dead letter. Bounded: the oldest jobs are dropped where a group does not keep up.
 */
export class VideoJobQueue extends Context.Tag("@vigil/core/VideoJobQueue")<
  VideoJobQueue,
  {
    /** Returns once the job is kept for the groups of its models, which are made where they are missing. Publishing the same job id again changes nothing. */
    readonly publish: (job: VideoJob, terms: VideoJobTerms) => Effect.Effect<void, VideoJobQueueUnavailable>
    /** Joins the group until the scope closes; what was taken and is not answered by then is given back. */
    readonly consume: (group: JobGroup) => Effect.Effect<VideoJobConsumer, VideoJobQueueUnavailable, Scope.Scope>
    /** Milliseconds after which an unanswered job comes again. */
    readonly acknowledgementTime: number
    /** Of all groups, in all lanes that ever had a job. */
    readonly depth: Effect.Effect<ReadonlyArray<VideoJobDepth>, VideoJobQueueUnavailable>
    /** The newest dead letters, newest first: of all tenants, or of one. */
    readonly deadLetters: (
      limit: number,
      tenant?: TenantId
    ) => Effect.Effect<ReadonlyArray<DeadVideoJob>, VideoJobQueueUnavailable>
    /** Forgets the dead letters of a tenant's job, of all its models. */
    readonly discardDead: (tenant: TenantId, jobId: VideoJobId) => Effect.Effect<void, VideoJobQueueUnavailable>
    /**
     * Takes a tenant's jobs out of all groups, with their segments, also those that somebody has, and dead letters; answers how many. They do not come again. A worker that has one may
     * finish it.
     */
    readonly erase: (tenant: TenantId, isErased: (part: VideoPart) => boolean) => Effect.Effect<number, VideoJobQueueUnavailable>
  }
>() {}
