/** NAL unit types of ITU-T H.264, table 7-1, as far as they are told apart here. */
export const H264NalType = {
  slice: 1,
  partitionC: 4,
  idr: 5,
  sei: 6,
  sequenceParameters: 7,
  pictureParameters: 8,
  delimiter: 9
} as const

export const h264NalType = (unit: Uint8Array): number => (unit[0] ?? 0) & 0x1f

/** Coded slice data (types 1 to 5): what makes a picture. */
export const isH264Slice = (type: number): boolean => type >= H264NalType.slice && type <= H264NalType.idr

/** An IDR picture: decoding can start here. */
export const isH264Keyframe = (units: ReadonlyArray<Uint8Array>): boolean =>
  units.some((unit) => h264NalType(unit) === H264NalType.idr)

export const isH264ParameterSet = (unit: Uint8Array): boolean => {
  const type = h264NalType(unit)
  return type === H264NalType.sequenceParameters || type === H264NalType.pictureParameters
}
