import type { BitReader } from "./BitReader.js"

/** What a sequence parameter set says of the pictures that follow it. */
export interface SequenceParameters {
  /** As people name it, with level: `High 4.1`. */
  readonly profile: string
  /** RFC 6381 codec string, as browsers and playlists want it: `avc1.640029`. */
  readonly codecString: string
  /** Of the picture as shown, cropping applied. */
  readonly width: number
  readonly height: number
  /** From the timing information; absent where there is none or it makes no sense. */
  readonly framesPerSecond?: number
}

/** Larger pictures than this are taken for damage. */
const maxSide = 16_384

export const isPlausibleSize = (width: number, height: number): boolean =>
  width > 0 && height > 0 && width <= maxSide && height <= maxSide

export const plausibleRate = (ticks: number, unitsInTick: number): number | undefined => {
  const rate = unitsInTick > 0 ? ticks / unitsInTick : 0
  return rate >= 0.1 && rate <= 1000 ? Math.round(rate * 1000) / 1000 : undefined
}

/** The part of the VUI that both codecs share (ITU-T H.264 E.1.1, H.265 E.2.1): aspect ratio, overscan, video signal, chroma location. */
export const skipVuiPresentation = (reader: BitReader): void => {
  if (reader.flag() && reader.bits(8) === 255) reader.skip(32)
  if (reader.flag()) reader.skip(1)
  if (reader.flag()) {
    reader.skip(4)
    if (reader.flag()) reader.skip(24)
  }
  if (reader.flag()) {
    reader.unsigned()
    reader.unsigned()
  }
}
