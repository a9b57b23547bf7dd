import type { Priority } from "@vigil/core/Priority"
import { priorities, rank } from "@vigil/core/PriorityOrder"

/** What the queue must know of a job. Times in milliseconds of one monotonic clock. */
export interface QueuedJob {
  readonly slot: string
  readonly priority: Priority
  readonly deadline: number
}

export type DropReason = "replaced" | "deadline" | "full"

export interface Dropped<J> {
  readonly job: J
  readonly reason: DropReason
}

export interface JobQueueOptions {
  /** Jobs that may wait, over all priorities. */
  readonly capacity: number
  /** For each of these that a priority went without service, its turn comes one priority earlier. */
  readonly ageing: number
}

export const defaultJobQueue: JobQueueOptions = { capacity: 256, ageing: 1000 }

interface Lane<J> {
  readonly rank: number
  /** One waiting job a slot. */
  readonly waiting: Map<string, J>
  /** Since when this priority has had work and got no service; deadlines that pass do not reset it. */
  hungrySince: number | undefined
}

/** Served slots that are remembered for fairness. */
const memory = 4096

/**
 * What waits for an inference thread. Every job that goes in comes out exactly once: taken, or dropped with its reason.
 *
 * - A slot has one waiting job at most: a newer one takes its place.
 * - Urgent priorities first; a priority that gets nothing ages, so that the least urgent is served every `3 x ageing` at the latest.
 * - Within a priority, the slot that was served longest ago is next.
 * - A full queue drops its least urgent job.
 */
export class JobQueue<J extends QueuedJob> {
  readonly #options: JobQueueOptions
  readonly #lanes: ReadonlyArray<Lane<J>>
  readonly #laneOf = new Map<string, Lane<J>>()
  /** Slot to when it was served, counted; least recent first. */
  readonly #served = new Map<string, number>()
  #turn = 0

  constructor(options: JobQueueOptions = defaultJobQueue) {
    this.#options = options
    this.#lanes = priorities.map((priority) => ({ rank: rank(priority), waiting: new Map(), hungrySince: undefined }))
  }

  get size(): number {
    return this.#laneOf.size
  }

  /** Adds a job; returns the one that had to make way, which may be the job itself. */
  submit(job: J, now: number): Dropped<J> | undefined {
    const lane = this.#lanes[rank(job.priority)]
    if (lane === undefined || job.deadline < now) return { job, reason: "deadline" }
    const before = this.#laneOf.get(job.slot)
    const old = before?.waiting.get(job.slot)
    if (before !== undefined && before !== lane) before.waiting.delete(job.slot)
    const evicted = old === undefined && this.size >= this.#options.capacity ? this.#evict(lane.rank) : undefined
    if (evicted === "none") return { job, reason: "full" }
    lane.waiting.set(job.slot, job)
    lane.hungrySince ??= now
    this.#laneOf.set(job.slot, lane)
    if (old !== undefined) return { job: old, reason: "replaced" }
    return evicted === undefined ? undefined : { job: evicted, reason: "full" }
  }

  /** The job to run now. Call {@link expire} before: `take` does not look at deadlines. */
  take(now: number): J | undefined {
    let next: Lane<J> | undefined
    for (const lane of this.#lanes) {
      if (lane.waiting.size > 0 && (next === undefined || this.#precedes(lane, next, now))) next = lane
    }
    if (next === undefined) return undefined
    const job = this.#leastRecentlyServed(next)
    if (job === undefined) return undefined
    this.#remove(job.slot, next)
    next.hungrySince = next.waiting.size > 0 ? now : undefined
    this.#remember(job.slot)
    return job
  }

  /** Removes the jobs whose deadline has passed. */
  expire(now: number): ReadonlyArray<J> {
    return this.#removeWhere((job) => job.deadline < now)
  }

  /** Removes everything. */
  clear(): ReadonlyArray<J> {
    return this.#removeWhere(() => true)
  }

  #removeWhere(condition: (job: J) => boolean): ReadonlyArray<J> {
    const removed: Array<J> = []
    for (const lane of this.#lanes) {
      for (const [slot, job] of lane.waiting) {
        if (!condition(job)) continue
        this.#remove(slot, lane)
        removed.push(job)
      }
    }
    return removed
  }

  #precedes(lane: Lane<J>, other: Lane<J>, now: number): boolean {
    const difference = this.#aged(lane, now) - this.#aged(other, now)
    return difference < 0 || (difference === 0 && (lane.hungrySince ?? now) < (other.hungrySince ?? now))
  }

  #aged(lane: Lane<J>, now: number): number {
    return Math.max(0, lane.rank - Math.floor((now - (lane.hungrySince ?? now)) / this.#options.ageing))
  }

  #leastRecentlyServed(lane: Lane<J>): J | undefined {
    let next: J | undefined
    let earliest = Number.POSITIVE_INFINITY
    for (const [slot, job] of lane.waiting) {
      const served = this.#served.get(slot) ?? -1
      if (served < earliest) {
        earliest = served
        next = job
      }
    }
    return next
  }

  /** Takes the newest job out of the least urgent priority below `limit`. */
  #evict(limit: number): J | "none" {
    for (let at = this.#lanes.length - 1; at > limit; at--) {
      const lane = this.#lanes[at]
      const last = lane === undefined ? undefined : [...lane.waiting.values()].at(-1)
      if (lane === undefined || last === undefined) continue
      this.#remove(last.slot, lane)
      return last
    }
    return "none"
  }

  #remove(slot: string, lane: Lane<J>): void {
    lane.waiting.delete(slot)
    this.#laneOf.delete(slot)
  }

  #remember(slot: string): void {
    this.#served.delete(slot)
    this.#served.set(slot, this.#turn++)
    if (this.#served.size <= memory) return
    const [oldest] = this.#served.keys()
    if (oldest !== undefined) this.#served.delete(oldest)
  }
}
