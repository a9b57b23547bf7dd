import { type VideoJobLane, videoJobLanes } from "@vigil/core/VideoJob"

/** A place in a group's queue that has at most one job in flight: a partition of a lane. */
export interface JobPlace {
  readonly lane: VideoJobLane
  readonly partition: number
}

/**
 * What one worker believes of its group's queue: where jobs wait, and which places somebody is busy with. It may be wrong, then a question is asked in vain or
 * a little late: that a camera has one job in flight is the server's care, not this one's. Times are milliseconds of the monotonic clock.
 */
export interface JobBoard {
  /** A job waits there. */
  readonly stored: (place: JobPlace) => void
  /** No job waits there, for all that is known; one that somebody has may come again. */
  readonly emptied: (place: JobPlace) => void
  /** Somebody has a job of that place until then, unless he says so again: after that the job may be had again. */
  readonly taken: (place: JobPlace, until: number) => void
  /** Whoever had a job of that place is done with it. */
  readonly freed: (place: JobPlace) => void
  /** Where to ask next: the most urgent lane that may have something; within a lane one place after the other. */
  readonly next: (now: number) => JobPlace | undefined
  /** When there will be a place to ask, though nothing is told until then; undefined when there will be none. */
  readonly nextAt: () => number | undefined
}

interface Belief {
  readonly place: JobPlace
  waiting: boolean
  busyUntil: number | undefined
}

const askable = ({ busyUntil, waiting }: Belief, now: number): boolean => (busyUntil === undefined ? waiting : busyUntil <= now)

export const makeJobBoard = (): JobBoard => {
  /** In the order in which they were asked, so that places take turns. */
  const lanes = new Map<VideoJobLane, Map<number, Belief>>(videoJobLanes.map((lane) => [lane, new Map()]))

  const believe = (place: JobPlace): Belief => {
    const lane = lanes.get(place.lane)
    const belief = lane?.get(place.partition) ?? { place, waiting: false, busyUntil: undefined }
    lane?.set(place.partition, belief)
    return belief
  }

  return {
    stored: (place) => {
      believe(place).waiting = true
    },
    emptied: (place) => {
      believe(place).waiting = false
    },
    taken: (place, until) => {
      believe(place).busyUntil = until
    },
    freed: (place) => {
      believe(place).busyUntil = undefined
    },
    next: (now) => {
      for (const lane of lanes.values()) {
        for (const belief of lane.values()) {
          if (!askable(belief, now)) continue
          lane.delete(belief.place.partition)
          lane.set(belief.place.partition, belief)
          return belief.place
        }
      }
      return undefined
    },
    nextAt: () => {
      let soonest: number | undefined
      for (const lane of lanes.values()) {
        for (const { busyUntil, waiting } of lane.values()) {
          const at = busyUntil ?? (waiting ? 0 : undefined)
          if (at !== undefined && (soonest === undefined || at < soonest)) soonest = at
        }
      }
      return soonest
    }
  }
}
