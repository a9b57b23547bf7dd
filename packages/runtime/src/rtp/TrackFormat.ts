import type { AudioCodec, AudioTrack } from "@vigil/core/MediaTrack"
import type { KeyframeMethod } from "@vigil/core/Source"
import { VideoDescriber } from "../source/VideoDescriber.js"
import { type AacHeaderLayout, makeAacDepacketiser } from "./depacketiser/AacDepacketiser.js"
import { makeAudioDepacketiser } from "./depacketiser/AudioDepacketiser.js"
import { parseAudioSpecificConfig } from "./depacketiser/AudioSpecificConfig.js"
import type { Depacketiser, FrameSink } from "./depacketiser/Depacketiser.js"
import { makeH264Depacketiser } from "./depacketiser/H264Depacketiser.js"
import { makeH265Depacketiser } from "./depacketiser/H265Depacketiser.js"
import { makeJpegDepacketiser } from "./depacketiser/JpegDepacketiser.js"
import type { SdpFormat, SdpMedia } from "./Sdp.js"

/** A media of the session description that we can receive, in the format that was chosen of those it offers. */
export interface TrackFormat {
  readonly payloadType: number
  /** RTP ticks a second. */
  readonly clockRate: number
  readonly control: string | undefined
  readonly profile: SdpMedia["profile"]
  /** How the sender takes requests for a key frame; undefined where it takes none. */
  readonly keyframe: KeyframeMethod | undefined
  readonly track: VideoDescriber | AudioTrack
  readonly depacketiser: (sink: FrameSink) => Depacketiser
}

const maxParameterSetText = 16 * 1024

const decodeParameterSets = (format: SdpFormat, ...names: ReadonlyArray<string>): ReadonlyArray<Uint8Array> =>
  names
    .flatMap((name) => (format.parameters.get(name) ?? "").slice(0, maxParameterSetText).split(","))
    .map((text) => new Uint8Array(Buffer.from(text.trim(), "base64")))
    .filter((unit) => unit.length > 1)

const keyframeMethod = ({ feedback }: SdpFormat): KeyframeMethod | undefined => {
  if (feedback.includes("nack pli")) return "pli"
  return feedback.some((value) => value === "ccm fir" || value.startsWith("ccm fir ")) ? "fir" : undefined
}

const commonOf = (media: SdpMedia, format: SdpFormat) => ({
  payloadType: format.payloadType,
  clockRate: format.clockRate,
  control: media.control,
  profile: media.profile
})

const videoFormat = (media: SdpMedia, format: SdpFormat): TrackFormat | undefined => {
  const common = { ...commonOf(media, format), keyframe: keyframeMethod(format) }
  switch (format.encoding) {
    case "H264":
      if (format.parameters.get("packetization-mode") === "2") return undefined
      return {
        ...common,
        track: new VideoDescriber("h264", decodeParameterSets(format, "sprop-parameter-sets"), media.frameRate),
        depacketiser: makeH264Depacketiser
      }
    case "H265":
    case "HEVC":
      return {
        ...common,
        track: new VideoDescriber("h265", decodeParameterSets(format, "sprop-vps", "sprop-sps", "sprop-pps"), media.frameRate),
        depacketiser: (sink) => makeH265Depacketiser(sink, Number(format.parameters.get("sprop-max-don-diff") ?? 0) > 0)
      }
    case "JPEG":
      return {
        ...common,
        track: new VideoDescriber("mjpeg", [], media.frameRate),
        depacketiser: (sink) => makeJpegDepacketiser(sink, media.size)
      }
    default:
      return undefined
  }
}

/** RFC 3640 4.1; undefined for modes other than the AAC ones and for headers with fields that we do not read. */
const aacLayout = ({ parameters }: SdpFormat): AacHeaderLayout | undefined => {
  const number = (name: string) => Number(parameters.get(name) ?? 0)
  const mode = parameters.get("mode")?.toLowerCase() ?? "aac-hbr"
  const layout = {
    sizeLength: number("sizelength"),
    indexLength: number("indexlength"),
    indexDeltaLength: number("indexdeltalength")
  }
  const plain = [
    "ctsdeltalength",
    "dtsdeltalength",
    "randomaccessindication",
    "streamstateindication",
    "auxiliarydatasizelength"
  ].every((name) => number(name) === 0)
  const sensible = layout.sizeLength >= 1 && layout.sizeLength <= 16 && layout.indexLength <= 8 && layout.indexDeltaLength <= 8
  return plain && sensible && (mode === "aac-hbr" || mode === "aac-lbr") ? layout : undefined
}

const aacFormat = (media: SdpMedia, format: SdpFormat): TrackFormat | undefined => {
  const layout = aacLayout(format)
  const config = new Uint8Array(Buffer.from((format.parameters.get("config") ?? "").slice(0, 512), "hex"))
  const parsed = parseAudioSpecificConfig(config)
  if (layout === undefined || parsed === undefined) return undefined
  const samples = Math.round((parsed.frameSamples * format.clockRate) / parsed.sampleRate)
  return {
    ...commonOf(media, format),
    keyframe: undefined,
    track: { kind: "audio", codec: "aac", sampleRate: parsed.sampleRate, channels: parsed.channels, config },
    depacketiser: (sink) => makeAacDepacketiser(sink, layout, samples)
  }
}

const packetAudio: Readonly<Record<string, AudioCodec>> = { PCMU: "pcmu", PCMA: "pcma", OPUS: "opus" }

const audioFormat = (media: SdpMedia, format: SdpFormat): TrackFormat | undefined => {
  if (format.encoding === "MPEG4-GENERIC") return aacFormat(media, format)
  const codec = packetAudio[format.encoding]
  if (codec === undefined) return undefined
  const channels = codec === "opus" ? (format.parameters.get("sprop-stereo") === "1" ? 2 : 1) : format.channels
  return {
    ...commonOf(media, format),
    keyframe: undefined,
    track: { kind: "audio", codec, sampleRate: format.clockRate, channels },
    depacketiser: makeAudioDepacketiser
  }
}

/** The first format of a media that we can receive. */
export const chooseFormat = (media: SdpMedia): TrackFormat | undefined => {
  const read = media.kind === "video" ? videoFormat : media.kind === "audio" ? audioFormat : undefined
  if (read === undefined) return undefined
  for (const format of media.formats) {
    const chosen = read(media, format)
    if (chosen !== undefined) return chosen
  }
  return undefined
}
