import type { AudioTrack, SourceDescription, VideoTrack } from "@vigil/core/MediaTrack"
import type { NalCodec } from "../rtp/packetiser/NalPackets.js"

/** A track of a camera as it is offered over WebRTC. */
export interface PublishedTrack {
  /** Its index in the source's description. */
  readonly index: number
  /** `video/H264`. */
  readonly mimeType: string
  readonly clockRate: number
  readonly channels?: number
  /** Where the format has one of its own (RFC 3551 6). */
  readonly payloadType?: number
  /** `a=fmtp`. */
  readonly parameters?: string
}

export interface PublishedVideo extends PublishedTrack {
  readonly codec: NalCodec
  readonly parameterSets: ReadonlyArray<Uint8Array>
}

export interface PublishedTracks {
  readonly video: PublishedVideo
  readonly audio: PublishedTrack | undefined
  /** Why the camera's audio stays behind. */
  readonly silent: string | undefined
}

/** `profile-level-id` (RFC 6184 8.1) is three bytes of the sequence parameter set. */
const profileOf = ([sps]: ReadonlyArray<Uint8Array>): string =>
  sps === undefined || sps.length < 4 ? "42e01f" : Buffer.from(sps.subarray(1, 4)).toString("hex")

const videoOf = (index: number, { codec, parameterSets }: VideoTrack): PublishedVideo | undefined => {
  const common = { index, clockRate: 90_000, parameterSets }
  switch (codec) {
    case "h264": {
      const profile = profileOf(parameterSets.filter((unit) => ((unit[0] ?? 0) & 0x1f) === 7))
      const parameters = `level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${profile}`
      return { ...common, codec, mimeType: "video/H264", parameters }
    }
    case "h265":
      return { ...common, codec, mimeType: "video/H265" }
    case "mjpeg":
      return undefined
  }
}

const audioOf = (index: number, { codec }: AudioTrack): PublishedTrack | undefined => {
  switch (codec) {
    case "pcmu":
      return { index, mimeType: "audio/PCMU", clockRate: 8000, payloadType: 0 }
    case "pcma":
      return { index, mimeType: "audio/PCMA", clockRate: 8000, payloadType: 8 }
    case "opus":
      return { index, mimeType: "audio/OPUS", clockRate: 48_000, channels: 2 }
    default:
      return undefined
  }
}

/** What of a camera can be pushed over WebRTC; else why nothing can. */
export const publishedTracks = ({ tracks }: SourceDescription): PublishedTracks | string => {
  const videoIndex = tracks.findIndex(({ kind }) => kind === "video")
  const track = tracks[videoIndex]
  if (track?.kind !== "video") return "the camera sends no video"
  const video = videoOf(videoIndex, track)
  if (video === undefined) return `the camera sends ${track.codec}, which WebRTC does not carry: choose its H.264 stream`
  const audioIndex = tracks.findIndex(({ kind }) => kind === "audio")
  const sound = tracks[audioIndex]
  const audio = sound?.kind === "audio" ? audioOf(audioIndex, sound) : undefined
  const silent =
    sound?.kind === "audio" && audio === undefined
      ? `its audio (${sound.codec}) is left out: WebRTC carries Opus and G.711`
      : undefined
  return { video, audio, silent }
}
