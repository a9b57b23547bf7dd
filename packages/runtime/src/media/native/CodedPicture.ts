/**
 * NAL units with start codes (ITU-T H.264 and H.265, annex B), or a JPEG image as it is, in one buffer. Empty when there
 * are no bytes.
 */
export const codedPicture = (units: ReadonlyArray<Uint8Array>, startCodes: boolean): Uint8Array => {
  const prefix = startCodes ? 4 : 0
  let length = 0
  for (const unit of units) if (unit.length > 0) length += prefix + unit.length
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  for (const unit of units) {
    if (unit.length === 0) continue
    if (startCodes) at = bytes.writeUInt32BE(1, at)
    bytes.set(unit, at)
    at += unit.length
  }
  return bytes
}
