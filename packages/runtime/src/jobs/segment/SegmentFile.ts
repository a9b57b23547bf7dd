import { type AccessUnit, byteLength } from "@vigil/core/AccessUnit"
import type { VideoTrack } from "@vigil/core/MediaTrack"
import { Either } from "effect"
import { H264NalType, h264NalType, isH264ParameterSet } from "../../media/nal/H264.js"
import { H265NalType, h265NalType, isH265ParameterSet } from "../../media/nal/H265.js"
import { ascii, box, fullBox, u16, u32, u64, u8, zeros } from "./Box.js"

/** Media times are microseconds, and so are the file's. */
const timescale = 1_000_000

const trackId = 1

/** Unity, in 16.16 fixed point (ISO/IEC 14496-12 8.2.2). */
const matrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)

const is24 = 0x18

/** Removes the bytes that keep start codes out of NAL units (ITU-T H.264 and H.265, 7.4.1). */
const withoutEmulation = (unit: Uint8Array, most: number): Uint8Array => {
  const out: Array<number> = []
  let zerosSeen = 0
  for (const byte of unit) {
    if (out.length >= most) break
    if (zerosSeen >= 2 && byte === 3) {
      zerosSeen = 0
      continue
    }
    out.push(byte)
    zerosSeen = byte === 0 ? zerosSeen + 1 : 0
  }
  return Uint8Array.from(out)
}

const sets = (units: ReadonlyArray<Uint8Array>) => units.map((unit) => [u16(unit.byteLength), unit])

/** ISO/IEC 14496-15 5.3.3.1: lengths of NAL units take four bytes. */
const avcConfiguration = (sps: ReadonlyArray<Uint8Array>, pps: ReadonlyArray<Uint8Array>): Uint8Array => {
  const [first] = sps
  return box(
    "avcC",
    u8(1, first?.[1] ?? 0, first?.[2] ?? 0, first?.[3] ?? 0, 0xff, 0xe0 | sps.length),
    ...sets(sps),
    u8(pps.length),
    ...sets(pps)
  )
}

/** ISO/IEC 14496-15 8.3.3.1; profile, tier and level are those of the first SPS (H.265 7.3.2.2: behind two bytes of header and one of layers). */
const hevcConfiguration = (arrays: ReadonlyArray<readonly [type: number, units: ReadonlyArray<Uint8Array>]>): Uint8Array => {
  const sps = arrays.find(([type]) => type === H265NalType.sequenceParameters)?.[1][0] ?? zeros(15)
  const profile = withoutEmulation(sps, 15).subarray(3, 15)
  return box(
    "hvcC",
    u8(1),
    profile,
    // Segmentation, parallelism, 4:2:0, 8 bits: said again by the SPS, which decoders believe.
    u8(0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, arrays.length),
    ...arrays.map(([type, units]) => [u8(0x80 | type), u16(units.length), sets(units)])
  )
}

const sampleEntry = (type: string, width: number, height: number, ...configuration: ReadonlyArray<Uint8Array>): Uint8Array =>
  box(
    type,
    zeros(6),
    u16(1),
    zeros(16),
    u16(width, height),
    u32(0x480000, 0x480000, 0),
    u16(1),
    zeros(32),
    u16(is24, 0xffff),
    ...configuration
  )

const distinct = (units: ReadonlyArray<Uint8Array>): ReadonlyArray<Uint8Array> =>
  units.filter((unit, index) => units.findIndex((other) => Buffer.compare(unit, other) === 0) === index)

/** Why a segment cannot be made into a file. */
export type SegmentProblem = "no parameter sets came with its first picture" | "it has no pictures" | "its times cannot be told"

const describe = (track: VideoTrack, first: AccessUnit): Either.Either<Uint8Array, SegmentProblem> => {
  const { codec, height = 0, width = 0 } = track
  if (codec === "mjpeg") return Either.right(sampleEntry("jpeg", width, height))
  const isOwn = codec === "h264" ? isH264ParameterSet : isH265ParameterSet
  // What came last holds: a camera may have been set otherwise since it described itself.
  const inBand = first.units.filter(isOwn)
  const known = distinct(inBand.length > 0 ? inBand : track.parameterSets)
  const typeOf = codec === "h264" ? h264NalType : h265NalType
  const ofType = (type: number) => known.filter((unit) => typeOf(unit) === type)
  if (codec === "h264") {
    const [sps, pps] = [ofType(H264NalType.sequenceParameters), ofType(H264NalType.pictureParameters)]
    if (sps.length === 0 || pps.length === 0) return Either.left("no parameter sets came with its first picture")
    return Either.right(sampleEntry("avc1", width, height, avcConfiguration(sps.slice(0, 31), pps.slice(0, 255))))
  }
  const types = [H265NalType.videoParameters, H265NalType.sequenceParameters, H265NalType.pictureParameters]
  const arrays = types.map((type) => [type, ofType(type)] as const)
  return arrays.some(([, units]) => units.length === 0)
    ? Either.left("no parameter sets came with its first picture")
    : Either.right(sampleEntry("hev1", width, height, hevcConfiguration(arrays)))
}

const header = (track: VideoTrack, entry: Uint8Array): Uint8Array => {
  const { height = 0, width = 0 } = track
  const tables = ["stts", "stsc", "stco"].map((type) => fullBox(type, 0, 0, u32(0)))
  return box(
    "moov",
    fullBox("mvhd", 0, 0, u32(0, 0, 1000, 0, 0x10000), u16(0x100), zeros(10), matrix, zeros(24), u32(trackId + 1)),
    box(
      "trak",
      fullBox("tkhd", 0, 3, u32(0, 0, trackId, 0, 0), zeros(8), u16(0, 0, 0, 0), matrix, u32(width * 0x10000, height * 0x10000)),
      box(
        "mdia",
        fullBox("mdhd", 0, 0, u32(0, 0, timescale, 0), u16(0x55c4, 0)),
        fullBox("hdlr", 0, 0, u32(0), ascii("vide"), zeros(12), ascii("\0")),
        box(
          "minf",
          fullBox("vmhd", 0, 1, zeros(8)),
          box("dinf", fullBox("dref", 0, 0, u32(1), fullBox("url ", 0, 1))),
          box("stbl", fullBox("stsd", 0, 0, u32(1), entry), ...tables, fullBox("stsz", 0, 0, u32(0, 0)))
        )
      )
    ),
    box("mvex", fullBox("trex", 0, 0, u32(trackId, 1, 0, 0, 0)))
  )
}

/** Flags of a sample (ISO/IEC 14496-12 8.8.3.1): depends on no other; depends on others and is no place to start. */
const keySample = 0x02000000
const otherSample = 0x01010000

/**
 * Decoding times: the presentation times in their order, all earlier by as much as pictures are held back, so that none is presented before it is decoded: readers
 * do not agree on what negative differences mean.
 */
const decodingTimes = (units: ReadonlyArray<AccessUnit>): ReadonlyArray<number> => {
  const sorted = units.map(({ mediaTime }) => Math.round(mediaTime)).sort((a, b) => a - b)
  const held = units.reduce((most, { mediaTime }, index) => Math.max(most, (sorted[index] ?? 0) - Math.round(mediaTime)), 0)
  return sorted.map((time) => Math.max(0, time - held))
}

/** Each sample lasts until the next one; the last as long as the one before. */
const sampleTable = (
  units: ReadonlyArray<AccessUnit>,
  sizes: ReadonlyArray<number>,
  decoding: ReadonlyArray<number>
): Uint8Array => {
  const table = Buffer.alloc(units.length * 16)
  units.forEach((unit, index) => {
    const at = decoding[index] ?? 0
    const previous = at - (decoding[index - 1] ?? at)
    const duration = (decoding[index + 1] ?? at + previous) - at
    table.writeUInt32BE(duration, index * 16)
    table.writeUInt32BE(sizes[index] ?? 0, index * 16 + 4)
    table.writeUInt32BE(unit.keyframe ? keySample : otherSample, index * 16 + 8)
    table.writeUInt32BE(Math.round(unit.mediaTime) - at, index * 16 + 12)
  })
  return table
}

const fragment = (units: ReadonlyArray<AccessUnit>, codec: VideoTrack["codec"]): ReadonlyArray<Uint8Array> => {
  const lengths = codec === "mjpeg" ? 0 : 4
  const sizes = units.map((unit) => byteLength(unit) + unit.units.length * lengths)
  const decoding = decodingTimes(units)
  const table = sampleTable(units, sizes, decoding)
  const moof = (offset: number) =>
    box(
      "moof",
      fullBox("mfhd", 0, 0, u32(1)),
      box(
        "traf",
        fullBox("tfhd", 0, 0x020000, u32(trackId)),
        fullBox("tfdt", 1, 0, u64(decoding[0] ?? 0)),
        fullBox("trun", 0, 0x000f01, u32(units.length, offset), table)
      )
    )
  const bytes = sizes.reduce((sum, size) => sum + size, 8)
  const data: Array<Uint8Array> = [u32(bytes), ascii("mdat")]
  for (const unit of units) {
    for (const part of unit.units) {
      if (lengths > 0) data.push(u32(part.byteLength))
      data.push(part)
    }
  }
  return [moof(moof(0).byteLength + 8), ...data]
}

/**
 * The segment as one file that any decoder of ISO media files reads: a fragmented MP4 with one track, whose presentation times are the media times. `units` are
 * its access units in decoding order, the first one a key frame. Media times from 0 up to 2^53 microseconds.
 */
export const writeSegmentFile = (
  track: VideoTrack,
  units: ReadonlyArray<AccessUnit>
): Either.Either<Uint8Array, SegmentProblem> => {
  const [first] = units
  if (first === undefined) return Either.left("it has no pictures")
  if (units.some(({ mediaTime }) => !(mediaTime >= 0 && mediaTime - first.mediaTime < 2 ** 31)))
    return Either.left("its times cannot be told")
  return Either.map(describe(track, first), (entry) =>
    Buffer.concat([box("ftyp", ascii("iso6"), u32(0), ascii("iso6mp41")), header(track, entry), ...fragment(units, track.codec)])
  )
}
