import { BitReader, rawPayload } from "./BitReader.js"
import { H265NalType, h265NalType } from "./H265.js"
import { isPlausibleSize, plausibleRate, skipVuiPresentation, type SequenceParameters } from "./SequenceParameters.js"

const profileNames: Readonly<Record<number, string>> = {
  1: "Main",
  2: "Main 10",
  3: "Main Still Picture",
  4: "Range Extensions",
  9: "Screen Content"
}

interface ProfileTierLevel {
  readonly profile: string
  readonly codecString: string
}

/** The 32 compatibility flags, bits in reverse order, as ISO/IEC 14496-15 E.3 wants them. */
const reversedHex = (flags: number): string => {
  let reversed = 0
  for (let i = 0; i < 32; i++) reversed = reversed * 2 + (Math.floor(flags / 2 ** i) % 2)
  return reversed.toString(16)
}

/** ITU-T H.265 7.3.3. */
const readProfileTierLevel = (reader: BitReader, subLayers: number): ProfileTierLevel => {
  const space = reader.bits(2)
  const tier = reader.flag()
  const profile = reader.bits(5)
  const compatibility = reader.bits(32)
  const constraints = Array.from({ length: 6 }, () => reader.bits(8))
  const level = reader.bits(8)
  const present = Array.from({ length: subLayers }, () => ({ profile: reader.flag(), level: reader.flag() }))
  if (subLayers > 0) reader.skip((8 - subLayers) * 2)
  for (const layer of present) reader.skip((layer.profile ? 88 : 0) + (layer.level ? 8 : 0))
  while (constraints.at(-1) === 0) constraints.pop()
  const spaceLetter = ["", "A", "B", "C"][space] ?? ""
  return {
    profile: `${profileNames[profile] ?? `profile ${profile}`} ${(level / 30).toFixed(1)}${tier ? " High tier" : ""}`,
    codecString: [
      `hvc1.${spaceLetter}${profile}`,
      reversedHex(compatibility),
      `${tier ? "H" : "L"}${level}`,
      ...constraints.map((byte) => byte.toString(16).toUpperCase())
    ].join(".")
  }
}

/** ITU-T H.265 7.3.4. */
const skipScalingLists = (reader: BitReader): void => {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6 && !reader.exhausted; matrix += size === 3 ? 3 : 1) {
      if (!reader.flag()) {
        reader.unsigned()
        continue
      }
      const coefficients = Math.min(64, 1 << (4 + (size << 1)))
      if (size > 1) reader.signed()
      for (let i = 0; i < coefficients; i++) reader.signed()
    }
  }
}

/** ITU-T H.265 7.3.7. Answers how many pictures the set has, which the next one may refer to. */
const skipReferenceSet = (reader: BitReader, index: number, before: number): number => {
  if (index > 0 && reader.flag()) {
    reader.skip(1)
    reader.unsigned()
    let pictures = 0
    for (let i = 0; i <= before && !reader.exhausted; i++) {
      const used = reader.flag()
      if (used || reader.flag()) pictures++
    }
    return pictures
  }
  const pictures = reader.unsigned() + reader.unsigned()
  for (let i = 0; i < pictures && !reader.exhausted; i++) {
    reader.unsigned()
    reader.skip(1)
  }
  return pictures
}

/** ITU-T H.265 E.2.1, as far as the timing. */
const readFrameRate = (reader: BitReader): number | undefined => {
  skipVuiPresentation(reader)
  reader.skip(3)
  if (reader.flag()) for (let i = 0; i < 4; i++) reader.unsigned()
  if (!reader.flag()) return undefined
  const unitsInTick = reader.bits(32)
  const ticks = reader.bits(32)
  return reader.exhausted ? undefined : plausibleRate(ticks, unitsInTick)
}

/** Everything between the picture size and the VUI; answers whether the VUI follows. */
const skipToVui = (reader: BitReader, subLayers: number): boolean => {
  reader.unsigned()
  reader.unsigned()
  const orderBits = reader.unsigned() + 4
  const eachLayer = reader.flag()
  for (let i = eachLayer ? 0 : subLayers; i <= subLayers; i++) for (let k = 0; k < 3; k++) reader.unsigned()
  for (let i = 0; i < 6; i++) reader.unsigned()
  if (reader.flag() && reader.flag()) skipScalingLists(reader)
  reader.skip(2)
  if (reader.flag()) {
    reader.skip(8)
    reader.unsigned()
    reader.unsigned()
    reader.skip(1)
  }
  const sets = Math.min(64, reader.unsigned())
  let pictures = 0
  for (let i = 0; i < sets && !reader.exhausted; i++) pictures = skipReferenceSet(reader, i, pictures)
  if (reader.flag()) {
    const longTerm = Math.min(32, reader.unsigned())
    for (let i = 0; i < longTerm; i++) reader.skip(orderBits + 1)
  }
  reader.skip(2)
  return reader.flag()
}

/** Reads a sequence parameter set (ITU-T H.265 7.3.2.2). Undefined for another NAL unit or one that makes no sense. */
export const parseH265Sps = (unit: Uint8Array): SequenceParameters | undefined => {
  if (h265NalType(unit) !== H265NalType.sequenceParameters) return undefined
  const reader = new BitReader(rawPayload(unit, 2))
  reader.skip(4)
  const subLayers = reader.bits(3)
  reader.skip(1)
  const { codecString, profile } = readProfileTierLevel(reader, subLayers)
  reader.unsigned()
  const chroma = reader.unsigned()
  if (chroma === 3) reader.skip(1)
  let width = reader.unsigned()
  let height = reader.unsigned()
  if (reader.flag()) {
    const unitX = chroma === 1 || chroma === 2 ? 2 : 1
    const unitY = chroma === 1 ? 2 : 1
    width -= (reader.unsigned() + reader.unsigned()) * unitX
    height -= (reader.unsigned() + reader.unsigned()) * unitY
  }
  if (reader.exhausted || !isPlausibleSize(width, height)) return undefined
  const framesPerSecond = skipToVui(reader, subLayers) ? readFrameRate(reader) : undefined
  return { profile, codecString, width, height, ...(framesPerSecond === undefined ? {} : { framesPerSecond }) }
}
