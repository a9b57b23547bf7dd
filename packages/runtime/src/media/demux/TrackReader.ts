import type { AudioCodec, MediaTrack, VideoCodec } from "@vigil/core/MediaTrack"
import { isH264Keyframe } from "../nal/H264.js"
import { isH265Keyframe } from "../nal/H265.js"
import type { NativePacket, NativeStream, Rational } from "../native/Beamcoder.js"
import type { DemuxedUnit } from "../worker/WorkerProtocol.js"
import { sampleLayout } from "./SampleLayout.js"
import type { PacketTimes, Timeline } from "./Timeline.js"

/** Turns the packets of one stream into access units. */
export interface TrackReader {
  readonly track: MediaTrack
  /** Undefined for a packet without content. */
  readonly read: (packet: NativePacket, index: number, timeline: Timeline) => DemuxedUnit | undefined
}

const videoCodecs: Readonly<Record<string, VideoCodec>> = { h264: "h264", hevc: "h265", mjpeg: "mjpeg" }
const audioCodecs: Readonly<Record<string, AudioCodec>> = { aac: "aac", pcm_mulaw: "pcmu", pcm_alaw: "pcma", opus: "opus" }

/** Containers without a rate, and raw streams whose parameter sets have none. */
const usualRate = 25

const ratio = ([numerator, denominator]: Rational): number | undefined =>
  numerator > 0 && denominator > 0 ? numerator / denominator : undefined

/** The average counts fields instead of pictures for H.264 in AVI; the base rate is too high where the rate varies. */
const rateOf = (stream: NativeStream): number | undefined => {
  const rates = [ratio(stream.avg_frame_rate), ratio(stream.r_frame_rate)].filter(
    (rate): rate is number => rate !== undefined && rate <= 240
  )
  return rates.length === 0 ? undefined : Math.min(...rates)
}

const timesOf = ({ dts, duration, pts }: NativePacket, base: number, usual: number): PacketTimes => ({
  presentation: pts === null ? undefined : pts * base,
  decoding: dts === null ? undefined : dts * base,
  duration: duration > 0 ? duration * base : usual
})

/** Undefined when the codec is not one of ours. */
export const videoReader = (stream: NativeStream): TrackReader | undefined => {
  const { codecpar } = stream
  const codec = videoCodecs[codecpar.name]
  if (codec === undefined) return undefined
  const layout = sampleLayout(codec, codecpar.extradata)
  const isKeyframe = codec === "h264" ? isH264Keyframe : codec === "h265" ? isH265Keyframe : () => true
  const rate = rateOf(stream)
  const base = (ratio(stream.time_base) ?? 1 / 90_000) * 1_000_000
  const usual = 1_000_000 / (rate ?? usualRate)
  return {
    track: {
      kind: "video",
      codec,
      ...(typeof codecpar.profile === "string" ? { profile: codecpar.profile } : {}),
      ...(codecpar.width > 0 && codecpar.height > 0 ? { width: codecpar.width, height: codecpar.height } : {}),
      ...(rate === undefined ? {} : { framesPerSecond: rate }),
      parameterSets: layout.parameterSets
    },
    read: (packet, index, timeline) => {
      const units = layout.split(packet.data ?? new Uint8Array(0)).filter((unit) => unit.length > 0)
      if (units.length === 0) return undefined
      const { CORRUPT, KEY } = packet.flags
      const times = timeline.place(index, timesOf(packet, base, usual))
      return { track: index, kind: "video", units, keyframe: KEY || isKeyframe(units), damaged: CORRUPT, ...times }
    }
  }
}

/** ADTS headers (ISO/IEC 14496-3 1.A.2) are 7 bytes, 9 with a checksum. */
const withoutAdts = (frame: Uint8Array): Uint8Array => {
  const isAdts = frame.length > 7 && frame[0] === 0xff && ((frame[1] ?? 0) & 0xf6) === 0xf0
  return isAdts ? frame.subarray(((frame[1] ?? 0) & 1) === 1 ? 7 : 9) : frame
}

export const audioReader = (stream: NativeStream): TrackReader | undefined => {
  const { codecpar } = stream
  const codec = audioCodecs[codecpar.name]
  if (codec === undefined || codecpar.sample_rate <= 0) return undefined
  const base = (ratio(stream.time_base) ?? 1 / 90_000) * 1_000_000
  const config = codecpar.extradata
  return {
    track: {
      kind: "audio",
      codec,
      sampleRate: codecpar.sample_rate,
      channels: Math.max(1, codecpar.channels),
      ...(config !== null && config.length > 0 ? { config: Uint8Array.from(config) } : {})
    },
    read: (packet, index, timeline) => {
      const data = packet.data
      if (data === null || data.length === 0) return undefined
      const unit = codec === "aac" ? withoutAdts(data) : data
      const times = timeline.place(index, timesOf(packet, base, 20_000))
      return { track: index, kind: "audio", units: [unit], keyframe: true, damaged: packet.flags.CORRUPT, ...times }
    }
  }
}
