import { Schema } from "effect"
import { CameraId, Epoch } from "./Ids.js"
import { VideoCodec } from "./MediaTrack.js"
import { MediaTime, WallTime } from "./Time.js"

/** What a camera really sent during a segment, in the form of the VideoJob's `sourceQuality`. */
export const SourceQuality = Schema.Struct({
  /** Width and height in pixels, as `640x480`; `unknown`, like the codec, where the source was lost before it told. */
  resolution: Schema.String,
  /** Bits a second. */
  bitrate: Schema.Number.pipe(Schema.nonNegative()),
  fps: Schema.Number.pipe(Schema.nonNegative()),
  codec: Schema.Union(VideoCodec, Schema.Literal("unknown"))
}).annotations({ identifier: "SourceQuality" })

/**
 * A closed piece of a camera's video. Its sequence follows the one before it without a gap; where they overlap, its first `overlap`
 * seconds are the last ones of the segment before. Counts and bytes include the overlap.
 */
export const Segment = Schema.Struct({
  cameraId: CameraId,
  epoch: Epoch,
  /** Counts from 0 within one camera and epoch, without gaps. */
  sequence: Schema.Int.pipe(Schema.nonNegative()),
  /** Of its first access unit in decoding order. */
  start: MediaTime,
  /** Where its last picture ends. */
  end: MediaTime,
  /** Of its first access unit. */
  startWallTime: WallTime,
  /** Seconds from start to end, the overlap included. */
  duration: Schema.Number.pipe(Schema.nonNegative()),
  /** Seconds at its start that the segment before has too; 0 where there is none that it could continue. */
  overlap: Schema.Number.pipe(Schema.nonNegative()),
  frameCount: Schema.Int.pipe(Schema.positive()),
  /** Of the coded pictures. */
  bytes: Schema.Int.pipe(Schema.nonNegative()),
  keyframes: Schema.Int.pipe(Schema.nonNegative()),
  /** Its first picture can be decoded by itself. False only where the camera sends key frames more than 10 s apart. */
  startsAtKeyframe: Schema.Boolean,
  /** The stream broke off at its end (reconnect, jump of the clock, change of size or codec): the next one does not continue it. */
  discontinuity: Schema.Boolean,
  sourceQuality: SourceQuality
}).annotations({ identifier: "Segment" })
export type Segment = typeof Segment.Type
