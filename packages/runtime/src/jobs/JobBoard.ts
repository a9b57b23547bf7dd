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
  /** Asked in vain although something should be there: perhaps the server has not yet heard that the one before is done. Asked again soon, some times. */
  readonly missed: (place: JobPlace, now: number) => void
  /** Somebody has a job of that place until then, unless he says so again: after that the job may be had again. */
  readonly taken: (place: JobPlace, until: number) => void
  /** Whoever had a job of that place is done with it. */
  readonly freed: (place: JobPlace) => void
  /**
   * Where to ask next: the most urgent lane that may have something; within a lane one place after the other. Whoever asks has it until `until`, and it counts as empty until
   * somebody says otherwise: the answer, or a job that is stored meanwhile.
   */
  readonly ask: (now: number, until: number) => JobPlace | undefined
  /** When there will be a place to ask, though nothing is told until then; undefined when there will be none. */
  readonly nextAt: () => number | undefined
}

interface Belief {
  readonly place: JobPlace
  waiting: boolean
  busyUntil: number | undefined
  misses: number
}

/** So many questions in vain mean that nothing is there; milliseconds between them. */
const mostMisses = 4
const missPause = 25

const askable = ({ busyUntil, waiting }: Belief, now: number): boolean => (busyUntil === undefined ? waiting : busyUntil <= now)

export const makeJobBoard = (): JobBoard => {
  /** In the order in which they were asked, so that places take turns. */
  const lanes = new Map<VideoJobLane, Map<number, Belief>>(videoJobLanes.map((lane) => [lane, new Map()]))

  const believe = (place: JobPlace): Belief => {
    const lane = lanes.get(place.lane)
    const belief = lane?.get(place.partition) ?? { place, waiting: false, busyUntil: undefined, misses: 0 }
    lane?.set(place.partition, belief)
    return belief
  }

  return {
    stored: (place) => {
      const belief = believe(place)
      belief.waiting = true
      belief.misses = 0
    },
    missed: (place, now) => {
      const belief = believe(place)
      belief.misses++
      const again = belief.waiting || belief.misses < mostMisses
      belief.busyUntil = again ? now + missPause * belief.misses : undefined
      if (!again) belief.misses = 0
    },
    taken: (place, until) => {
      believe(place).busyUntil = until
    },
    freed: (place) => {
      believe(place).busyUntil = undefined
    },
    ask: (now, until) => {
      for (const lane of lanes.values()) {
        for (const belief of lane.values()) {
          if (!askable(belief, now)) continue
          belief.waiting = false
          belief.busyUntil = until
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
