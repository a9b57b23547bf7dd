import type { CameraState } from "@vigil/core/CameraState"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { detectorProblemText } from "@vigil/core/DetectorProblem"
import { requirementText } from "@vigil/core/ModelSuitability"

const words: Readonly<Record<CameraState["_tag"], string>> = {
  Disabled: "disabled",
  Connecting: "connecting",
  Streaming: "streaming",
  Stalled: "stalled",
  BackingOff: "backing off",
  Failed: "failed"
}

export const stateText = (state: CameraState): string => words[state._tag]

/** Why it does not stream; empty where nothing is wrong. */
export const reasonText = (state: CameraState, now: number): string => {
  if (!("failure" in state) || state.failure === undefined) return ""
  const { detail, reason } = state.failure
  const again = "retryAt" in state ? `; again in ${Math.max(0, Math.round((state.retryAt - now) / 1000))} s` : ""
  return `${reason}: ${detail}${again}`
}

/** Why nothing looks for objects, and what the stream does not give the camera's model and analytics any more; empty where that is nothing. */
const warningText = ({ analyticWarnings = [], detectorProblem, modelWarnings = [] }: CameraStatus): string =>
  [
    ...(detectorProblem === undefined ? [] : [detectorProblemText(detectorProblem)]),
    ...modelWarnings.map((warning) => `model ${warning.model} ${requirementText(warning)}`),
    ...analyticWarnings.map((warning) => `analytic ${warning.analytic} ${requirementText(warning)}`)
  ].join("; ")

/** Why it does not stream, and whether that needs a person; or what its model lacks. */
export const troubleText = (status: CameraStatus, now: number): string => {
  const { state, worker } = status
  const reason = reasonText(state, now)
  if (worker?.alert !== true) return reason === "" ? warningText(status) : reason
  return `ALERT, needs a person: ${reason === "" ? (worker.lastError ?? "it failed") : reason}`
}

export const lossText = ({ packets, packetsLost }: CameraStatus["source"]): string =>
  packets + packetsLost === 0 ? "-" : `${((100 * packetsLost) / (packets + packetsLost)).toFixed(2)} %`

export const latencyText = ({ latencyP50, latencyP95 }: CameraStatus["pipeline"]): string =>
  latencyP50 === undefined || latencyP95 === undefined ? "-" : `${latencyP50.toFixed(0)}/${latencyP95.toFixed(0)} ms`
