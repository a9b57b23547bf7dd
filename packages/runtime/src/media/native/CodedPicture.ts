/** FFmpeg's bit readers may read so far behind the end (AV_INPUT_BUFFER_PADDING_SIZE). */
const padding = 64

/**
 * NAL units with start codes (ITU-T H.264 and H.265, annex B), or a JPEG image as it is, in one buffer that the decoder may over-read.
 * Empty when there are no bytes.
 */
export const codedPicture = (units: ReadonlyArray<Uint8Array>, startCodes: boolean): Buffer => {
  const prefix = startCodes ? 4 : 0
  let length = 0
  for (const unit of units) if (unit.length > 0) length += prefix + unit.length
  const bytes = Buffer.allocUnsafeSlow(length + padding)
  let at = 0
  for (const unit of units) {
    if (unit.length === 0) continue
    if (startCodes) at = bytes.writeUInt32BE(1, at)
    bytes.set(unit, at)
    at += unit.length
  }
  bytes.fill(0, length)
  return bytes.subarray(0, length)
}
