import type { VideoCodec } from "@vigil/core/MediaTrack"
import { isH264ParameterSet } from "../nal/H264.js"
import { isH265ParameterSet } from "../nal/H265.js"
import { splitAnnexB } from "./AnnexB.js"

/** How a container stores access units, as its codec configuration says. */
export interface SampleLayout {
  /** From the configuration; without start codes. */
  readonly parameterSets: ReadonlyArray<Uint8Array>
  /** The NAL units of a sample (for MJPEG the image): views of `sample`. What is cut off or wrong at its end is left out. */
  readonly split: (sample: Uint8Array) => ReadonlyArray<Uint8Array>
}

/**
 * Reads a track's configuration: AVCDecoderConfigurationRecord or HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1, 8.3.3.1; samples are then
 * length-prefixed), or NAL units with start codes, or nothing.
 */
export const sampleLayout = (codec: VideoCodec, configuration: Uint8Array | null): SampleLayout => {
  if (codec === "mjpeg") return { parameterSets: [], split: (sample) => [sample] }
  const isRecord = configuration !== null && configuration.length > 6 && configuration[0] === 1
  if (isRecord) return codec === "h264" ? avcLayout(configuration) : hevcLayout(configuration)
  const isParameterSet = codec === "h264" ? isH264ParameterSet : isH265ParameterSet
  return { parameterSets: configuration === null ? [] : splitAnnexB(configuration).filter(isParameterSet), split: splitAnnexB }
}

const uint16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

/** Takes `count` units, each with its 16-bit length before it, from `at` on; returns where they end. */
const takeUnits = (bytes: Uint8Array, at: number, count: number, into: Array<Uint8Array>): number => {
  let next = at
  for (let taken = 0; taken < count; taken++) {
    const length = uint16(bytes, next)
    if (length === 0 || next + 2 + length > bytes.length) return bytes.length
    into.push(Uint8Array.from(bytes.subarray(next + 2, next + 2 + length)))
    next += 2 + length
  }
  return next
}

const avcLayout = (record: Uint8Array): SampleLayout => {
  const parameterSets: Array<Uint8Array> = []
  const pictureSets = takeUnits(record, 6, (record[5] ?? 0) & 0x1f, parameterSets)
  takeUnits(record, pictureSets + 1, record[pictureSets] ?? 0, parameterSets)
  return { parameterSets, split: splitLengths(((record[4] ?? 0) & 3) + 1) }
}

const hevcLayout = (record: Uint8Array): SampleLayout => {
  const parameterSets: Array<Uint8Array> = []
  let at = 23
  for (let arrays = record[22] ?? 0; arrays > 0 && at < record.length; arrays--) {
    at = takeUnits(record, at + 3, uint16(record, at + 1), parameterSets)
  }
  return { parameterSets: parameterSets.filter(isH265ParameterSet), split: splitLengths(((record[21] ?? 0) & 3) + 1) }
}

const splitLengths =
  (lengthBytes: number) =>
  (sample: Uint8Array): ReadonlyArray<Uint8Array> => {
    const units: Array<Uint8Array> = []
    let at = 0
    while (at + lengthBytes <= sample.length) {
      let length = 0
      for (let i = 0; i < lengthBytes; i++) length = length * 256 + (sample[at + i] ?? 0)
      at += lengthBytes
      if (length > sample.length - at) break
      if (length > 0) units.push(sample.subarray(at, at + length))
      at += length
    }
    return units
  }
