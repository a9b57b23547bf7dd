import { Either, Schema } from "effect"
import { VideoJob, VideoJobTerms } from "./VideoJob.js"

const { videoSegment: _, ...described } = VideoJob.fields

/** Where the bytes of a job's segment are: behind the header, or in an object store. */
const SegmentPlace = Schema.Union(
  Schema.Struct({ _tag: Schema.Literal("Inline"), bytes: Schema.Int.pipe(Schema.nonNegative()) }),
  Schema.Struct({ _tag: Schema.Literal("Object"), bytes: Schema.Int.pipe(Schema.nonNegative()), name: Schema.NonEmptyString })
)
type SegmentPlace = typeof SegmentPlace.Type

/** A job without its bytes. */
export const VideoJobHeader = Schema.Struct({ ...described, videoSegment: SegmentPlace, terms: VideoJobTerms }).annotations({
  identifier: "VideoJobHeader"
})
export type VideoJobHeader = typeof VideoJobHeader.Type

/** A message that is not a job: made by another version, or not by Vigil. */
export class VideoJobMalformed extends Schema.TaggedError<VideoJobMalformed>()("VideoJobMalformed", { detail: Schema.String }) {
  override get message() {
    return `not a VideoJob: ${this.detail}`
  }
}

/** Headers are about 600 bytes; longer ones than this are not read. */
const headerLimit = 64 * 1024

const lengthBytes = 4

const encodeHeader = Schema.encodeSync(Schema.parseJson(VideoJobHeader))
const decodeHeader = Schema.decodeUnknownEither(Schema.parseJson(VideoJobHeader))

const malformed = (detail: string) => Either.left(new VideoJobMalformed({ detail }))

/**
 * The form in which jobs travel: length of the header (4 bytes, big endian), the header as JSON in UTF-8, the bytes of the segment. With `object`, the name
 * under which the segment was put into the object store, the message ends after the header.
 */
export const encodeVideoJob = (job: VideoJob, terms: VideoJobTerms, object?: string): Uint8Array => {
  const { videoSegment, ...rest } = job
  const bytes = videoSegment.byteLength
  const place: SegmentPlace = object === undefined ? { _tag: "Inline", bytes } : { _tag: "Object", bytes, name: object }
  const header = new TextEncoder().encode(encodeHeader({ ...rest, videoSegment: place, terms }))
  const message = new Uint8Array(lengthBytes + header.byteLength + (object === undefined ? bytes : 0))
  new DataView(message.buffer).setUint32(0, header.byteLength)
  message.set(header, lengthBytes)
  if (object === undefined) message.set(videoSegment, lengthBytes + header.byteLength)
  return message
}

/** The header, and the bytes behind it: a view of `message`, empty where the segment is in the object store. */
export interface ReadVideoJob {
  readonly header: VideoJobHeader
  readonly bytes: Uint8Array
}

export const decodeVideoJob = (message: Uint8Array): Either.Either<ReadVideoJob, VideoJobMalformed> => {
  if (message.byteLength < lengthBytes) return malformed(`it has ${message.byteLength} bytes`)
  const length = new DataView(message.buffer, message.byteOffset, message.byteLength).getUint32(0)
  const end = lengthBytes + length
  if (length > headerLimit || end > message.byteLength) return malformed(`its header has ${length} bytes`)
  const text = new TextDecoder().decode(message.subarray(lengthBytes, end))
  // Not a Buffer where the message is one.
  const bytes = new Uint8Array(message.buffer, message.byteOffset + end, message.byteLength - end)
  return decodeHeader(text).pipe(
    Either.mapLeft((error) => new VideoJobMalformed({ detail: error.message })),
    Either.flatMap((header) => {
      const promised = header.videoSegment._tag === "Inline" ? header.videoSegment.bytes : 0
      return bytes.byteLength === promised
        ? Either.right({ header, bytes })
        : malformed(`its segment has ${bytes.byteLength} of ${promised} bytes`)
    })
  )
}

/** The job with its bytes in place. */
export const videoJobOf = ({ terms: _terms, videoSegment: _place, ...rest }: VideoJobHeader, bytes: Uint8Array): VideoJob =>
  // The header was decoded just now: checking its fields again would find nothing.
  new VideoJob({ ...rest, videoSegment: bytes }, { disableValidation: true })
