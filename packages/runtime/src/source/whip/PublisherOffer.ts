import { Either } from "effect"
import { parseSdp, type SdpMedia } from "../../rtp/Sdp.js"
import { chooseFormat, type TrackFormat } from "../../rtp/TrackFormat.js"

/** A media section of the offer, and the format of it that is received. */
export interface ChosenMedia {
  readonly format: TrackFormat
  /** `video/H264`. */
  readonly mimeType: string
}

export interface PublisherOffer {
  readonly sdp: string
  readonly video: ChosenMedia
  readonly audio: ChosenMedia | undefined
  /** What the first audio section offers where none of it can be received; it is answered and not used. */
  readonly otherAudio: string | undefined
}

/** Characters; browsers' offers of two tracks have about 8,000. */
export const longestOffer = 64 * 1024
/** A publisher has a handful of addresses; each of them costs connectivity checks. */
const mostCandidates = 64

/** What can travel by WebRTC and be received here, in the words of SDP (upper case). */
const receivable: Readonly<Record<string, ReadonlySet<string>>> = {
  video: new Set(["H264", "H265"]),
  audio: new Set(["OPUS", "PCMU", "PCMA"])
}

const choose = (media: SdpMedia): ChosenMedia | undefined => {
  const formats = media.formats.filter(({ encoding }) => receivable[media.kind]?.has(encoding))
  const format = chooseFormat({ ...media, formats })
  const chosen = formats.find(({ payloadType }) => payloadType === format?.payloadType)
  return format === undefined || chosen === undefined ? undefined : { format, mimeType: `${media.kind}/${chosen.encoding}` }
}

const encodingsOf = (media: SdpMedia): string =>
  [...new Set(media.formats.map(({ encoding }) => encoding.slice(0, 32)))].slice(0, 8).join(", ") || "no format"

/**
 * What a publisher offers (RFC 9725 4.2), as far as it can be received: one video section, and at most one of audio. Left: why it cannot be
 * taken.
 */
export const readOffer = (sdp: string): Either.Either<PublisherOffer, string> => {
  if (sdp.length > longestOffer) return Either.left(`the offer is longer than ${longestOffer} characters`)
  const description = sdp.startsWith("v=0") ? parseSdp(sdp) : undefined
  if (description === undefined) return Either.left("the offer is not an SDP session description")
  const { medias } = description
  const of = (kind: string) => medias.filter((media) => media.kind === kind)
  const [video, ...moreVideo] = of("video")
  const [audio, ...moreAudio] = of("audio")
  if (video === undefined) return Either.left("the offer has no video")
  if (moreVideo.length + moreAudio.length > 0) return Either.left("the offer has more than one video or audio section")
  if (medias.length > of("video").length + of("audio").length) return Either.left("the offer has sections beside video and audio")
  if (sdp.split("\na=candidate:").length > mostCandidates + 1) {
    return Either.left(`the offer has more than ${mostCandidates} candidates`)
  }
  const chosen = choose(video)
  if (chosen === undefined) {
    return Either.left(`the video is offered as ${encodingsOf(video)}; H.264 or H.265 is needed`)
  }
  const chosenAudio = audio === undefined ? undefined : choose(audio)
  const otherAudio = audio === undefined || chosenAudio !== undefined ? undefined : audio.formats[0]?.encoding
  if (audio !== undefined && chosenAudio === undefined && otherAudio === undefined) {
    return Either.left("the offer has audio without a format")
  }
  return Either.right({ sdp, video: chosen, audio: chosenAudio, otherAudio })
}
