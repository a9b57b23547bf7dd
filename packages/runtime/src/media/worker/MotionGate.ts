import type { LumaObservation } from "@vigil/core/Observation"
import type { MediaTime } from "@vigil/core/Time"

/** Open while something moves and for some seconds after, so that a person who stops is still looked at. */
export interface MotionGate {
  readonly see: (observation: LumaObservation) => void
  readonly open: (time: MediaTime) => boolean
}

const staysOpen = 3_000_000

export const makeMotionGate = (): MotionGate => {
  let lastMotion: number | undefined
  return {
    see: ({ frame, motion }) => {
      if (motion.regions.length > 0) lastMotion = frame.mediaTime
    },
    open: (time) => lastMotion !== undefined && Math.abs(time - lastMotion) <= staysOpen
  }
}
