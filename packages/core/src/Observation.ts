import type { Detection } from "./Detection.js"
import type { BoundingBox, Size } from "./geometry/BoundingBox.js"
import type { ModelId } from "./Ids.js"
import type { MediaTime, MonotonicTime, WallClockOrigin, WallTime } from "./Time.js"

/** Which frame an observation is about. Frames are numbered in decoding order since the camera's decoder was opened. */
export interface FrameInfo {
  readonly frame: number
  readonly size: Size
  readonly mediaTime: MediaTime
  readonly wallTime: WallTime
  readonly wallClockOrigin: WallClockOrigin
  /** When the frame's access unit reached us. */
  readonly received: MonotonicTime
}

/**
 * What the luma plane, scaled to at most 320x240, says of a frame. Enough for motion and tamper analytics without the pixels
 * ever leaving the media worker.
 */
export interface LumaObservation {
  readonly _tag: "Luma"
  readonly frame: FrameInfo
  /** Mean luma, 0..255. */
  readonly mean: number
  /** Standard deviation of the luma. */
  readonly deviation: number
  /** Variance of the Laplacian: low when the lens is covered or out of focus. */
  readonly sharpness: number
  /** Share of strong edges of the learnt background that are still there, 0..1; 1 while the background is being learnt. */
  readonly edgesKept: number
  /** Share of pixels that changed against the frame before, 0..1; exactly 0 on a frozen picture. */
  readonly difference: number
  readonly motion: MotionObservation
}

export interface MotionObservation {
  /** Share of unmasked pixels that differ from the background model, 0..1. */
  readonly area: number
  /** Connected moving regions, largest first, at most 16, in source pixels. */
  readonly regions: ReadonlyArray<BoundingBox>
  /** False while the background model is being learnt or after a sudden change of the whole picture (light switched). */
  readonly settled: boolean
}

/** A model's answer for one frame. */
export interface InferenceObservation {
  readonly _tag: "Inference"
  readonly frame: FrameInfo
  readonly model: ModelId
  readonly detections: ReadonlyArray<Detection>
  /** Milliseconds the frame waited for a thread, and that the model ran. */
  readonly queued: number
  readonly ran: number
}

/** What the media worker tells a camera's actor. */
export type Observation = LumaObservation | InferenceObservation
