/** NAL unit types of ITU-T H.265, table 7-1, as far as they are told apart here. */
export const H265NalType = {
  firstRandomAccess: 16,
  lastRandomAccess: 21,
  lastSlice: 31,
  videoParameters: 32,
  sequenceParameters: 33,
  pictureParameters: 34,
  delimiter: 35,
  prefixSei: 39,
  suffixSei: 40
} as const

export const h265NalType = (unit: Uint8Array): number => ((unit[0] ?? 0) >> 1) & 0x3f

/** Coded slice segments (types 0 to 31): what makes a picture. */
export const isH265Slice = (type: number): boolean => type <= H265NalType.lastSlice

export const isH265RandomAccess = (type: number): boolean =>
  type >= H265NalType.firstRandomAccess && type <= H265NalType.lastRandomAccess

/** A BLA, IDR or CRA picture: decoding can start here. */
export const isH265Keyframe = (units: ReadonlyArray<Uint8Array>): boolean =>
  units.some((unit) => isH265RandomAccess(h265NalType(unit)))

export const isH265ParameterSet = (unit: Uint8Array): boolean => {
  const type = h265NalType(unit)
  return type >= H265NalType.videoParameters && type <= H265NalType.pictureParameters
}
