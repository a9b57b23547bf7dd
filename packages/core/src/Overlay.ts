import { Schema } from "effect"
import { Size } from "./geometry/BoundingBox.js"
import { CameraId } from "./Ids.js"
import { MediaTime, WallTime } from "./Time.js"
import { Track } from "./Track.js"

/**
 * The tracks of one analysed frame, for drawing over live video. The RTP time stamp of a live view's frame is
 * `round(mediaTime * 9 / 100) mod 2^32` (90 kHz), so a viewer finds the frame that an overlay belongs to.
 */
export const Overlay = Schema.Struct({
  cameraId: CameraId,
  mediaTime: MediaTime,
  wallTime: WallTime,
  size: Size,
  tracks: Schema.Array(Track)
}).annotations({ identifier: "Overlay" })
export type Overlay = typeof Overlay.Type

/** The 90 kHz RTP time stamp (RFC 6184 5.1) of a frame in a live view. */
export const rtpTimestamp = (mediaTime: MediaTime): number => {
  const ticks = Math.round((mediaTime * 9) / 100) % 0x1_0000_0000
  return ticks < 0 ? ticks + 0x1_0000_0000 : ticks
}
