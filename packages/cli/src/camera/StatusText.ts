import type { Camera } from "@vigil/core/Camera"
import type { CameraState } from "@vigil/core/CameraState"
import type { CameraStatus } from "@vigil/core/CameraStatus"

export const statusHeadings = ["CAMERA", "STATE", "FPS", "KBIT/S", "LOSS", "LATENCY", "VIEWERS", "EVENTS", "REASON"] as const

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

/** Why it does not stream, and whether that needs a person. */
const troubleText = ({ state, worker }: CameraStatus, now: number): string => {
  const reason = reasonText(state, now)
  if (worker?.alert !== true) return reason
  return `ALERT, needs a person: ${reason === "" ? (worker.lastError ?? "it failed") : reason}`
}

const loss = ({ packets, packetsLost }: CameraStatus["source"]): string =>
  packets + packetsLost === 0 ? "-" : `${((100 * packetsLost) / (packets + packetsLost)).toFixed(2)} %`

const latency = ({ latencyP50, latencyP95 }: CameraStatus["pipeline"]): string =>
  latencyP50 === undefined || latencyP95 === undefined ? "-" : `${latencyP50.toFixed(0)}/${latencyP95.toFixed(0)} ms`

/** A camera's status as a row of a table. */
export const statusRow = (camera: Camera, status: CameraStatus | undefined, now: number): ReadonlyArray<string> => {
  if (status === undefined) return [camera.name, camera.enabled ? "starting" : "disabled", "-", "-", "-", "-", "-", "-", ""]
  const { pipeline, source, state, viewers } = status
  const flows = state._tag === "Streaming"
  return [
    camera.name,
    stateText(state),
    flows ? source.framesPerSecond.toFixed(1) : "-",
    flows ? (source.bitrate / 1000).toFixed(0) : "-",
    loss(source),
    latency(pipeline),
    String(viewers),
    String(pipeline.events),
    troubleText(status, now)
  ]
}
