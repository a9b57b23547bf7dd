import { Schema } from "effect"

export const VideoCodec = Schema.Literal("h264", "h265", "mjpeg")
export type VideoCodec = typeof VideoCodec.Type

export const AudioCodec = Schema.Literal("aac", "pcmu", "pcma", "opus", "other")
export type AudioCodec = typeof AudioCodec.Type

/** A video stream of a source. Size and rate are absent until they are known (from the parameter sets, the SDP or the first frames). */
export const VideoTrack = Schema.Struct({
  kind: Schema.Literal("video"),
  codec: VideoCodec,
  profile: Schema.optional(Schema.String),
  width: Schema.optional(Schema.Int),
  height: Schema.optional(Schema.Int),
  framesPerSecond: Schema.optional(Schema.Number),
  /** H.264: SPS, PPS; H.265: VPS, SPS, PPS. NAL units without start codes, base64. Empty where they only come in the stream. */
  parameterSets: Schema.Array(Schema.Uint8ArrayFromBase64)
})
export type VideoTrack = typeof VideoTrack.Type

export const AudioTrack = Schema.Struct({
  kind: Schema.Literal("audio"),
  codec: AudioCodec,
  /** Samples a second. */
  sampleRate: Schema.Int,
  channels: Schema.Int,
  /** Codec configuration, for AAC the AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1). */
  config: Schema.optional(Schema.Uint8ArrayFromBase64)
})
export type AudioTrack = typeof AudioTrack.Type

/** One stream of a source. An access unit names its track by the index in {@link SourceDescription}'s `tracks`. */
export const MediaTrack = Schema.Union(VideoTrack, AudioTrack)
export type MediaTrack = typeof MediaTrack.Type

/** What a source offers, known once it is open. */
export const SourceDescription = Schema.Struct({
  /** The protocol as a person names it: `RTSP/TCP`, `RTSP/UDP`, `RTSPS/TCP`, `file`, `HTTP MJPEG`, `V4L2`. */
  protocol: Schema.String,
  /** What the device calls itself (the Server header, a container's encoder tag). */
  server: Schema.optional(Schema.String),
  tracks: Schema.Array(MediaTrack)
}).annotations({ identifier: "SourceDescription" })
export type SourceDescription = typeof SourceDescription.Type
