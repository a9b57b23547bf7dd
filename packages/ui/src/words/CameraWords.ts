import type { Camera } from "@vigil/core/Camera"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import type { CameraFailure, CameraState } from "@vigil/core/CameraState"
import type { SourceErrorReason } from "@vigil/core/Source"
import { wallTime } from "@vigil/core/Time"
import { duration } from "./TimeWords.js"

export type Tone = "good" | "warn" | "bad" | "calm" | "idle"

/** A camera's state as a person reads it. */
export interface StateWords {
  /** One or two words, for a badge. */
  readonly badge: string
  readonly tone: Tone
  /** What is going on, in one sentence. */
  readonly sentence: string
  /** What the reader can do about it; absent where there is nothing to do. */
  readonly advice?: string
}

const advices: Readonly<Record<SourceErrorReason, string>> = {
  "invalid-url": "Correct the address on the edit page.",
  unsupported: "Choose another stream or codec on the camera (H.264 works everywhere), or another transport on the edit page.",
  unreachable: "Check that the camera has power and network, and that host and port of its address are right.",
  unauthorized:
    "Enter the camera's user name and password again on the edit page. Vigil tries seldom meanwhile so that the camera does not lock the account.",
  "not-found": "The camera answers, but has no such stream: check the path of its address (the camera's manual names it).",
  tls: "Check the camera's certificate, or change how it is trusted on the edit page.",
  timeout: "The camera or the network is slow. Check the cable or Wi-Fi, and how many clients the camera serves.",
  protocol: "The camera breaks its protocol. A newer firmware may help, or another transport on the edit page.",
  stalled: "The camera stopped to send pictures. If this comes back, check the network and restart the camera.",
  closed: "The camera closed the connection. It may be restarting, or serve too many clients.",
  rejected: "The camera refused the request. Check how many clients it allows.",
  device: "Check that the device is plugged in and not used by another program."
}

const reasons: Readonly<Record<SourceErrorReason, string>> = {
  "invalid-url": "The address is not valid",
  unsupported: "The stream is of a kind that Vigil does not support",
  unreachable: "The camera cannot be reached",
  unauthorized: "The camera refuses the user name or password",
  "not-found": "The camera has no such stream",
  tls: "The camera's certificate is not trusted",
  timeout: "The camera does not answer in time",
  protocol: "The camera sends what does not fit its protocol",
  stalled: "The camera is connected, but sends no pictures",
  closed: "The camera closed the connection",
  rejected: "The camera refused the request",
  device: "The device reports an error"
}

const failureSentence = (failure: CameraFailure): string => `${reasons[failure.reason]}: ${failure.detail}`

export const failureReason = (reason: SourceErrorReason): string => reasons[reason]

export const failureAdvice = (reason: SourceErrorReason): string => advices[reason]

const retry = (retryAt: number, now: number): string =>
  retryAt > now ? `Next attempt in ${duration(retryAt - now)}.` : "Trying again now."

/** A camera that nobody wants is off, whatever was reported of it, or was not yet. */
export const stateOf = (
  camera: Pick<Camera, "enabled" | "updatedAt">,
  status: Pick<CameraStatus, "state"> | undefined
): CameraState | undefined =>
  camera.enabled ? status?.state : { _tag: "Disabled", since: wallTime(camera.updatedAt.epochMillis) }

/** `undefined`: no status is known yet. `now` is wall time in milliseconds. */
export const stateWords = (state: CameraState | undefined, now: number): StateWords => {
  if (state === undefined) return { badge: "Starting", tone: "calm", sentence: "Waiting for the camera's first report." }
  switch (state._tag) {
    case "Disabled":
      return {
        badge: "Off",
        tone: "idle",
        sentence: "The camera is switched off in Vigil.",
        advice: "Enable it on the edit page."
      }
    case "Connecting":
      return state.failure === undefined
        ? { badge: "Connecting", tone: "calm", sentence: "Connecting to the camera." }
        : {
            badge: "Reconnecting",
            tone: "warn",
            sentence: `Connecting again. ${failureSentence(state.failure)}`,
            advice: advices[state.failure.reason]
          }
    case "Streaming":
      return { badge: "Live", tone: "good", sentence: `Streaming for ${duration(now - state.since)}.` }
    case "Stalled":
      return {
        badge: "Stalled",
        tone: "warn",
        sentence: `No picture for ${duration(now - state.since)}; the connection will be given up soon.`,
        advice: advices.stalled
      }
    case "BackingOff":
      return {
        badge: "Offline",
        tone: "bad",
        sentence: `${failureSentence(state.failure)}. ${retry(state.retryAt, now)}`,
        advice: advices[state.failure.reason]
      }
    case "Failed":
      return {
        badge: "Needs attention",
        tone: "bad",
        sentence: `${failureSentence(state.failure)}. ${retry(state.retryAt, now)}`,
        advice: advices[state.failure.reason]
      }
  }
}

/** In a word or two over a picture: why there is none. */
export const offlineReason = (state: CameraState | undefined): string | undefined => {
  switch (state?._tag) {
    case "Disabled":
      return "Switched off"
    case "BackingOff":
    case "Failed":
      return reasons[state.failure.reason]
    case "Connecting":
      return state.failure === undefined ? undefined : reasons[state.failure.reason]
    case "Stalled":
      return "No pictures arrive"
    case "Streaming":
    case undefined:
      return undefined
  }
}
