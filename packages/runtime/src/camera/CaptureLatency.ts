import type { FrameInfo } from "@vigil/core/Observation"
import { Metric, MetricBoundaries } from "effect"
import { now } from "../MonotonicClock.js"
import { makeLatencyWindow } from "./LatencyWindow.js"

/** Clocks of camera and node that differ by more than this say nothing about latency. Milliseconds. */
const plausible = 10_000

/**
 * Milliseconds from a frame's capture to now. Measured on the camera's clock where its sender reports make that possible, else from the
 * frame's arrival.
 */
const captureLatency = (frame: FrameInfo): number => {
  const sinceReceived = now() - frame.received
  if (frame.wallClockOrigin !== "sender-report") return sinceReceived
  const sinceCapture = performance.timeOrigin + performance.now() - frame.wallTime
  return sinceCapture >= sinceReceived && sinceCapture < plausible ? sinceCapture : sinceReceived
}

export interface CaptureLatency {
  readonly add: (frame: FrameInfo) => void
  readonly statistics: () => { readonly latencyP50?: number; readonly latencyP95?: number }
}

const histogram = Metric.histogram(
  "vigil_capture_to_detection_seconds",
  MetricBoundaries.fromIterable([0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5]),
  "From a frame's capture to its detections"
)

/** Latency of a camera's newest detections. */
export const makeCaptureLatency = (): CaptureLatency => {
  const window = makeLatencyWindow()
  return {
    add: (frame) => {
      const latency = captureLatency(frame)
      window.add(latency)
      histogram.unsafeUpdate(latency / 1000, [])
    },
    statistics: () => {
      const latencyP50 = window.percentile(0.5)
      const latencyP95 = window.percentile(0.95)
      return latencyP50 === undefined || latencyP95 === undefined ? {} : { latencyP50, latencyP95 }
    }
  }
}
