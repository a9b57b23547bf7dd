import type { VideoTrack } from "@vigil/core/MediaTrack"
import { type MediaTime, mediaTime } from "@vigil/core/Time"
import { Data, Either } from "effect"
import { findBox, readBoxes } from "./Box.js"

/** Not a file that a camera's node made, or damaged on its way. */
export class SegmentUnreadable extends Data.TaggedError("SegmentUnreadable")<{ readonly detail: string }> {
  override get message() {
    return `the segment cannot be read: ${this.detail}`
  }
}

/** One coded picture of a segment, in decoding order; its units are views of the file. */
export interface SegmentPicture {
  readonly units: ReadonlyArray<Uint8Array>
  readonly keyframe: boolean
  readonly mediaTime: MediaTime
}

export interface ReadSegment {
  readonly track: VideoTrack
  readonly pictures: ReadonlyArray<SegmentPicture>
}

/** More pictures than 60 a second for a minute are no segment. */
const mostPictures = 4096

const unreadable = (detail: string) => Either.left(new SegmentUnreadable({ detail }))

/** Length-prefixed pieces one behind the other; undefined where they do not fit. */
const pieces = (bytes: Buffer, at: number, count: number, lengthBytes: number) => {
  const units: Array<Uint8Array> = []
  let end = at
  for (let index = 0; index < count; index++) {
    if (end + lengthBytes > bytes.length) return undefined
    const length = bytes.readUIntBE(end, lengthBytes)
    end += lengthBytes + length
    if (end > bytes.length) return undefined
    units.push(bytes.subarray(end - length, end))
  }
  return { units, end }
}

const avcSets = (configuration: Buffer): ReadonlyArray<Uint8Array> | undefined => {
  if (configuration.length < 7) return undefined
  const sps = pieces(configuration, 6, configuration.readUInt8(5) & 0x1f, 2)
  if (sps === undefined || sps.end >= configuration.length) return undefined
  const pps = pieces(configuration, sps.end + 1, configuration.readUInt8(sps.end), 2)
  return pps === undefined ? undefined : [...sps.units, ...pps.units]
}

const hevcSets = (configuration: Buffer): ReadonlyArray<Uint8Array> | undefined => {
  if (configuration.length < 23) return undefined
  const found: Array<Uint8Array> = []
  let at = 23
  for (let array = 0; array < configuration.readUInt8(22); array++) {
    if (at + 3 > configuration.length) return undefined
    const units = pieces(configuration, at + 3, configuration.readUInt16BE(at + 1), 2)
    if (units === undefined) return undefined
    found.push(...units.units)
    at = units.end
  }
  return found
}

/** Behind the fields of a visual sample entry (ISO/IEC 14496-12 12.1.3). */
const entryFields = 78

const readTrack = (file: Buffer): VideoTrack | undefined => {
  const entries = findBox(file, "moov", "trak", "mdia", "minf", "stbl", "stsd")
  const [entry] = (entries !== undefined && entries.length > 8 ? readBoxes(entries.subarray(8)) : undefined) ?? []
  if (entry === undefined || entry.content.length < entryFields) return undefined
  const [width, height] = [entry.content.readUInt16BE(24), entry.content.readUInt16BE(26)]
  const size = width > 0 && height > 0 ? { width, height } : {}
  const details = entry.content.subarray(entryFields)
  const trackOf = (codec: VideoTrack["codec"], parameterSets: ReadonlyArray<Uint8Array> | undefined): VideoTrack | undefined =>
    parameterSets === undefined ? undefined : { kind: "video", codec, ...size, parameterSets }
  switch (entry.type) {
    case "avc1":
      return trackOf("h264", avcSets(findBox(details, "avcC") ?? Buffer.alloc(0)))
    case "hev1":
    case "hvc1":
      return trackOf("h265", hevcSets(findBox(details, "hvcC") ?? Buffer.alloc(0)))
    case "jpeg":
      return trackOf("mjpeg", [])
    default:
      return undefined
  }
}

/** NAL units with their lengths in four bytes before them. */
const splitSample = (sample: Buffer): ReadonlyArray<Uint8Array> | undefined => {
  const units: Array<Uint8Array> = []
  for (let at = 0; at < sample.length; ) {
    const piece = pieces(sample, at, 1, 4)
    if (piece === undefined) return undefined
    units.push(...piece.units)
    at = piece.end
  }
  return units
}

const notASync = 0x010000

const readPictures = (file: Buffer, codec: VideoTrack["codec"]): ReadonlyArray<SegmentPicture> | undefined => {
  const time = findBox(file, "moof", "traf", "tfdt")
  const run = findBox(file, "moof", "traf", "trun")
  const data = findBox(file, "mdat")
  if (time?.length !== 12 || run === undefined || run.length < 12 || data === undefined) return undefined
  const count = run.readUInt32BE(4)
  if (run.readUInt32BE(0) !== 0x00000f01 || count > mostPictures || run.length !== 12 + count * 16) return undefined
  const pictures: Array<SegmentPicture> = []
  let decodingTime = Number(time.readBigUInt64BE(4))
  let at = 0
  for (let row = 12; row < run.length; row += 16) {
    const size = run.readUInt32BE(row + 4)
    if (at + size > data.length) return undefined
    const sample = data.subarray(at, at + size)
    const units = codec === "mjpeg" ? [sample] : splitSample(sample)
    if (units === undefined) return undefined
    pictures.push({
      units,
      keyframe: (run.readUInt32BE(row + 8) & notASync) === 0,
      mediaTime: mediaTime(decodingTime + run.readUInt32BE(row + 12))
    })
    decodingTime += run.readUInt32BE(row)
    at += size
  }
  return pictures
}

/** Reads a file as {@link writeSegmentFile} makes it: one track, one fragment. */
export const readSegmentFile = (bytes: Uint8Array): Either.Either<ReadSegment, SegmentUnreadable> => {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (readBoxes(file) === undefined) return unreadable("it is cut off, or no MP4 file")
  const track = readTrack(file)
  if (track === undefined) return unreadable("its codec is unknown, or its parameter sets are damaged")
  const pictures = readPictures(file, track.codec)
  return pictures === undefined ? unreadable("its pictures are damaged") : Either.right({ track, pictures })
}
