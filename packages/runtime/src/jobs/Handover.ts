import type { InferenceObservation } from "@vigil/core/Observation"
import type { MediaTime } from "@vigil/core/Time"

/** Observations of this node that wait for the queue's last results at the most: 30 a second for more than a minute. */
const mostHeld = 2048

/**
 * Puts the observations of this node's detector and of the workers into one line, ordered by media time, without any frame twice: each frame belongs to whoever
 * was in charge when it was taken.
 */
export interface Handover {
  /** The workers are in charge of frames from this one on. */
  readonly toQueue: (cut: MediaTime) => void
  /** This node is in charge again; what it sees from then on waits until the workers' last results are here, where there are any. */
  readonly toLocal: (cut: MediaTime, outstanding: boolean) => void
  /** No further results of workers are waited for. */
  readonly settled: () => void
  readonly local: (observation: InferenceObservation) => void
  readonly queued: (observation: InferenceObservation) => void
}

export const makeHandover = (emit: (observation: InferenceObservation) => void): Handover => {
  let inCharge: "local" | "queue" = "local"
  let since = Number.NEGATIVE_INFINITY
  let newest = Number.NEGATIVE_INFINITY
  let waiting = false
  let held: Array<InferenceObservation> = []

  const pass = (observation: InferenceObservation) => {
    newest = observation.frame.mediaTime
    emit(observation)
  }

  const release = () => {
    waiting = false
    for (const observation of held) pass(observation)
    held = []
  }

  return {
    toQueue: (cut) => {
      if (waiting) release()
      inCharge = "queue"
      since = cut
    },
    toLocal: (cut, outstanding) => {
      inCharge = "local"
      since = cut
      waiting = outstanding
    },
    settled: release,
    local: (observation) => {
      const own = inCharge === "local" ? observation.frame.mediaTime >= since : observation.frame.mediaTime < since
      if (!own) return
      if (!waiting) return pass(observation)
      held.push(observation)
      if (held.length > mostHeld) held.shift()
    },
    queued: (observation) => {
      const { mediaTime } = observation.frame
      const own = inCharge === "queue" ? mediaTime >= since : mediaTime < since
      // Segments overlap: what the one before showed was looked at already.
      if (own && mediaTime > newest) pass(observation)
    }
  }
}
