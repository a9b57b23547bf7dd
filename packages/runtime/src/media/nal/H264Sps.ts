import { BitReader, rawPayload } from "./BitReader.js"
import { H264NalType, h264NalType } from "./H264.js"
import { isPlausibleSize, plausibleRate, skipVuiPresentation, type SequenceParameters } from "./SequenceParameters.js"

const profileNames: Readonly<Record<number, string>> = {
  44: "CAVLC 4:4:4",
  66: "Baseline",
  77: "Main",
  88: "Extended",
  100: "High",
  110: "High 10",
  122: "High 4:2:2",
  244: "High 4:4:4"
}

/** Profiles whose parameter sets carry chroma format and bit depth (ITU-T H.264 7.3.2.1.1). */
const chromaProfiles = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])

const skipScalingList = (reader: BitReader, size: number): void => {
  let last = 8
  let next = 8
  for (let i = 0; i < size && !reader.exhausted; i++) {
    if (next !== 0) next = (last + reader.signed() + 256) % 256
    last = next === 0 ? last : next
  }
}

/** chroma_format_idc; 4 stands for 4:4:4 in separate planes, whose arrays are monochrome. */
const readChroma = (reader: BitReader): number => {
  const format = reader.unsigned()
  const separatePlanes = format === 3 && reader.flag()
  reader.unsigned()
  reader.unsigned()
  reader.skip(1)
  if (reader.flag()) {
    const lists = format === 3 ? 12 : 8
    for (let i = 0; i < lists; i++) if (reader.flag()) skipScalingList(reader, i < 6 ? 16 : 64)
  }
  return separatePlanes ? 4 : format
}

const skipPictureOrder = (reader: BitReader): void => {
  const type = reader.unsigned()
  if (type === 0) reader.unsigned()
  if (type !== 1) return
  reader.skip(1)
  reader.signed()
  reader.signed()
  const cycle = reader.unsigned()
  for (let i = 0; i < cycle && i < 256 && !reader.exhausted; i++) reader.signed()
}

/** ITU-T H.264 E.1.1, as far as the timing. */
const readFrameRate = (reader: BitReader): number | undefined => {
  skipVuiPresentation(reader)
  if (!reader.flag()) return undefined
  const unitsInTick = reader.bits(32)
  const ticks = reader.bits(32)
  return reader.exhausted ? undefined : plausibleRate(ticks / 2, unitsInTick)
}

const hex = (byte: number): string => byte.toString(16).padStart(2, "0")

/** Reads a sequence parameter set (ITU-T H.264 7.3.2.1.1). Undefined for another NAL unit or one that makes no sense. */
export const parseH264Sps = (unit: Uint8Array): SequenceParameters | undefined => {
  if (h264NalType(unit) !== H264NalType.sequenceParameters) return undefined
  const reader = new BitReader(rawPayload(unit, 1))
  const profile = reader.bits(8)
  const constraints = reader.bits(8)
  const level = reader.bits(8)
  reader.unsigned()
  const chroma = chromaProfiles.has(profile) ? readChroma(reader) : 1
  reader.unsigned()
  skipPictureOrder(reader)
  reader.unsigned()
  reader.skip(1)
  const macroblocksWide = reader.unsigned() + 1
  const mapUnitsHigh = reader.unsigned() + 1
  const framesOnly = reader.flag()
  if (!framesOnly) reader.skip(1)
  reader.skip(1)
  const fields = framesOnly ? 1 : 2
  let width = macroblocksWide * 16
  let height = mapUnitsHigh * 16 * fields
  if (reader.flag()) {
    const unitX = chroma === 1 || chroma === 2 ? 2 : 1
    const unitY = (chroma === 1 ? 2 : 1) * fields
    width -= (reader.unsigned() + reader.unsigned()) * unitX
    height -= (reader.unsigned() + reader.unsigned()) * unitY
  }
  if (reader.exhausted || !isPlausibleSize(width, height)) return undefined
  const framesPerSecond = reader.flag() ? readFrameRate(reader) : undefined
  const constrained = profile === 66 && (constraints & 0x40) !== 0 ? "Constrained " : ""
  return {
    profile: `${constrained}${profileNames[profile] ?? `profile ${profile}`} ${(level / 10).toFixed(1)}`,
    codecString: `avc1.${hex(profile)}${hex(constraints)}${hex(level)}`,
    width,
    height,
    ...(framesPerSecond === undefined ? {} : { framesPerSecond })
  }
}
