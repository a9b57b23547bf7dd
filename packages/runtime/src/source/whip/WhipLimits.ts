import type { ReorderLimits } from "../../rtp/ReorderBuffer.js"

/** How long a publisher may take, in milliseconds. */
export interface WhipLimits {
  /** For a publisher to come, before the camera is reported as without one. */
  readonly wait: number
  /** From its offer to media that may flow. */
  readonly connect: number
  /** Without a picture, before the source counts as stalled. */
  readonly stall: number
  /** Between receiver reports. */
  readonly report: number
  /** How often it is looked whether packets are missing. */
  readonly look: number
  /** Between two requests for the same packet. */
  readonly repeat: number
  /** How long packets wait for those before them, which are asked for meanwhile. */
  readonly reorder: ReorderLimits
}

/** `wait` and `connect` together fit into the time in which a camera must be open (`CameraPolicy.connectLimit`). */
export const defaultWhipLimits: WhipLimits = {
  wait: 12_000,
  connect: 8000,
  stall: 8000,
  report: 1000,
  look: 25,
  repeat: 75,
  reorder: { packets: 1024, delay: 400 }
}
