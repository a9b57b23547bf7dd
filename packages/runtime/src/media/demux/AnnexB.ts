/** Cuts a byte stream with start codes (ITU-T H.264 and H.265, annex B) into NAL units: views of `bytes`, none of them empty. */
export const splitAnnexB = (bytes: Uint8Array): ReadonlyArray<Uint8Array> => {
  const stream = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const units: Array<Uint8Array> = []
  let start = -1
  for (let at = stream.indexOf(startCode); at >= 0; at = stream.indexOf(startCode, at + 3)) {
    if (start >= 0) addUnit(units, stream, start, at)
    start = at + 3
  }
  if (start >= 0) addUnit(units, stream, start, stream.length)
  return units
}

const startCode = Buffer.from([0, 0, 1])

/** Zeros before the next start code belong to it: a NAL unit never ends with one. */
const addUnit = (units: Array<Uint8Array>, stream: Buffer, start: number, end: number): void => {
  let last = end
  while (last > start && stream[last - 1] === 0) last--
  if (last > start) units.push(stream.subarray(start, last))
}
