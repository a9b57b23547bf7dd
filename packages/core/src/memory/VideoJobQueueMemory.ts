import { Clock, DateTime, Deferred, Duration, Effect, FiberId, Layer, Metric } from "effect"
import type { VideoJobId } from "../Ids.js"
import {
  type DeadVideoJob,
  partOfJob,
  partOfLetter,
  type VideoJobConsumer,
  type VideoJobDelivery,
  VideoJobQueue
} from "../port/VideoJobQueue.js"
import {
  groupName,
  groupOf,
  type JobGroup,
  laneOf,
  type VideoJob,
  type VideoJobLane,
  videoJobLanes,
  type VideoJobTerms
} from "../VideoJob.js"

export interface VideoJobQueueMemoryOptions {
  /** Jobs that wait in one group at the most, and bytes of their segments. */
  readonly jobs: number
  readonly bytes: number
  /** Milliseconds. */
  readonly acknowledgementTime: number
  /** Milliseconds from a failure to the next try. */
  readonly retryDelay: number
  readonly deliveries: number
}

const defaultOptions: VideoJobQueueMemoryOptions = {
  jobs: 256,
  bytes: 64 * 1024 * 1024,
  acknowledgementTime: 15_000,
  retryDelay: 1000,
  deliveries: 5
}

/** Job ids that are remembered, so that one that is published again is not queued again. */
const mostKnown = 4096
const mostDead = 256
/** Milliseconds from when a segment was seen until its job is given up, as far as anybody says; jobs wait here as long as there is room. */
const longestWait = 3_600_000

const dropped = Metric.counter("vigil_video_jobs_dropped", {
  description: "VideoJobs that were dropped because nobody took them in time, or could not be published",
  incremental: true
})

interface Entry {
  readonly job: VideoJob
  readonly terms: VideoJobTerms
  readonly lane: VideoJobLane
  readonly publishedAt: number
  deliveries: number
  /** Waits until then, when it is not taken. */
  due: number
  /** Set while somebody has it; answers of earlier tries are told by their number. */
  taken: number | undefined
}

interface Group extends JobGroup {
  readonly entries: Array<Entry>
  bytes: number
}

/** Oldest first, so that the first one is forgotten when there are too many. */
const remember = (known: Set<VideoJobId>, id: VideoJobId): boolean => {
  if (known.has(id)) return false
  known.add(id)
  if (known.size > mostKnown) for (const oldest of known) return known.delete(oldest)
  return true
}

/** The first entry of each camera in a lane: no other may be taken. */
const heads = (group: Group, lane: VideoJobLane): ReadonlyArray<Entry> => {
  const first = new Map<string, Entry>()
  for (const entry of group.entries) {
    if (entry.lane === lane && !first.has(entry.job.cameraId)) first.set(entry.job.cameraId, entry)
  }
  return [...first.values()]
}

const unansweredReason = (deliveries: number) =>
  `not answered in ${deliveries} deliveries: its workers ended or hung while they had it`

/** A queue within this process, bounded per group. */
export const makeVideoJobQueueMemory = (chosen: Partial<VideoJobQueueMemoryOptions> = {}): typeof VideoJobQueue.Service => {
  const options = { ...defaultOptions, ...chosen }
  const groups = new Map<string, Group>()
  const known = new Set<VideoJobId>()
  const dead: Array<DeadVideoJob> = []
  let changed = Deferred.unsafeMake<void>(FiberId.none)

  const announce = Effect.suspend(() => {
    const before = changed
    changed = Deferred.unsafeMake<void>(FiberId.none)
    return Deferred.succeed(before, undefined)
  })

  const joined = (wanted: JobGroup): Group => {
    const name = groupName(wanted)
    const group = groups.get(name) ?? { ...wanted, entries: [], bytes: 0 }
    groups.set(name, group)
    return group
  }

  const remove = (group: Group, entry: Entry) => {
    const index = group.entries.indexOf(entry)
    if (index < 0) return
    group.entries.splice(index, 1)
    group.bytes -= entry.job.videoSegment.byteLength
  }

  const bury = (group: Group, entry: Entry, reason: string, at: number) => {
    remove(group, entry)
    const { cameraId, customerId, jobId, segmentSequence } = entry.job
    dead.unshift({
      jobId,
      customerId,
      cameraId,
      segmentSequence,
      model: group.model,
      reason,
      deliveries: entry.deliveries,
      at: DateTime.unsafeMake(at)
    })
    dead.length = Math.min(dead.length, mostDead)
  }

  /** Tries that were not answered in time are over. */
  const expire = (group: Group, now: number) => {
    for (const entry of [...group.entries]) {
      if (entry.taken === undefined || now < entry.taken) continue
      entry.taken = undefined
      if (entry.deliveries >= options.deliveries) bury(group, entry, unansweredReason(entry.deliveries), now)
    }
  }

  const pick = (group: Group, now: number): Entry | undefined => {
    expire(group, now)
    for (const lane of videoJobLanes) {
      const entry = heads(group, lane).find(({ due, taken }) => taken === undefined && due <= now)
      if (entry !== undefined) return entry
    }
    return undefined
  }

  /** Milliseconds until something may have become takeable by itself. */
  const patience = (group: Group, now: number): number => {
    const times = group.entries.map(({ due, taken }) => taken ?? due).filter((time) => time > now)
    return times.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...times) - now
  }

  const add = (group: Group, entry: Entry): number => {
    group.entries.push(entry)
    group.bytes += entry.job.videoSegment.byteLength
    let lost = 0
    while (group.entries.length > options.jobs || group.bytes > options.bytes) {
      const oldest = group.entries.find(({ taken }) => taken === undefined)
      if (oldest === undefined) return lost
      remove(group, oldest)
      lost++
    }
    return lost
  }

  const deliver = (group: Group, entry: Entry, now: number, open: Set<VideoJobDelivery>): VideoJobDelivery => {
    const number = ++entry.deliveries
    entry.taken = now + options.acknowledgementTime

    const answer = (settle: (at: number) => void) =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        open.delete(delivery)
        if (entry.taken === undefined || entry.deliveries !== number) return Effect.void
        entry.taken = undefined
        settle(at)
        return announce
      })

    const delivery: VideoJobDelivery = {
      job: entry.job,
      terms: entry.terms,
      delivery: number,
      waited: now - entry.publishedAt,
      ack: answer(() => remove(group, entry)),
      nak: (reason) =>
        answer((at) => {
          if (number >= options.deliveries) bury(group, entry, reason, at)
          else entry.due = at + options.retryDelay
        }),
      giveBack: answer(() => undefined),
      inProgress: Effect.map(Clock.currentTimeMillis, (at) => {
        if (entry.taken !== undefined && entry.deliveries === number) entry.taken = at + options.acknowledgementTime
      })
    }
    open.add(delivery)
    return delivery
  }

  const take = (group: Group, open: Set<VideoJobDelivery>): Effect.Effect<VideoJobDelivery> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const entry = pick(group, now)
      if (entry !== undefined) return Effect.succeed(deliver(group, entry, now, open))
      const wait = patience(group, now)
      const news = Deferred.await(changed)
      const woken = Number.isFinite(wait) ? Effect.race(news, Effect.sleep(Duration.millis(wait))) : news
      return Effect.zipRight(woken, take(group, open))
    })

  return {
    acknowledgementTime: options.acknowledgementTime,
    publish: (job, terms) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        if (!remember(known, job.jobId)) return Effect.void
        const lane = laneOf(job.metadata.priority)
        const lost = job.metadata.enabledModels
          .map((model) => {
            const entry: Entry = { job, terms, lane, publishedAt: now, deliveries: 0, due: now, taken: undefined }
            return add(joined(groupOf(job, terms, model)), entry)
          })
          .reduce((sum, count) => sum + count, 0)
        return Effect.zipRight(Metric.incrementBy(dropped, lost), announce)
      }),
    consume: (group) =>
      Effect.gen(function* () {
        const open = new Set<VideoJobDelivery>()
        yield* Effect.addFinalizer(() =>
          Effect.forEach([...open], ({ giveBack }) => giveBack, { discard: true }).pipe(
            // swallowed: an answer of this queue never fails
            Effect.orDie
          )
        )
        return { take: take(joined(group), open) } satisfies VideoJobConsumer
      }),
    depth: Effect.map(Clock.currentTimeMillis, (now) =>
      [...groups.values()].flatMap((group) => {
        expire(group, now)
        return videoJobLanes.map((lane) => {
          const entries = group.entries.filter((entry) => entry.lane === lane)
          const inFlight = entries.filter(({ taken }) => taken !== undefined).length
          const [oldest] = entries
          const lag = oldest === undefined ? 0 : (now - oldest.publishedAt) / 1000
          return { model: group.model, owner: group.owner, lane, waiting: entries.length - inFlight, inFlight, lag }
        })
      })
    ),
    deadLetters: (limit, tenant) =>
      Effect.sync(() => dead.filter(({ customerId }) => tenant === undefined || customerId === tenant).slice(0, limit)),
    discardDead: (tenant, jobId) =>
      Effect.sync(() => {
        const kept = dead.filter((letter) => letter.customerId !== tenant || letter.jobId !== jobId)
        dead.splice(0, dead.length, ...kept)
      }),
    erase: (tenant, isErased) =>
      Effect.suspend(() => {
        let erased = 0
        for (const group of groups.values()) {
          for (const entry of [...group.entries]) {
            if (entry.job.customerId !== tenant || !isErased(partOfJob(entry.job))) continue
            entry.taken = undefined
            remove(group, entry)
            erased++
          }
        }
        const kept = dead.filter((letter) => letter.customerId !== tenant || !isErased(partOfLetter(letter, longestWait)))
        erased += dead.length - kept.length
        dead.splice(0, dead.length, ...kept)
        return Effect.as(announce, erased)
      })
  }
}

/** A queue within this process, for a node that works off its own jobs. */
export const layerVideoJobQueueMemory = (options: Partial<VideoJobQueueMemoryOptions> = {}): Layer.Layer<VideoJobQueue> =>
  Layer.sync(VideoJobQueue, () => makeVideoJobQueueMemory(options))
