/** Payload-specific feedback (RFC 4585 6.3). */
const payloadSpecific = 206

const feedback = (format: number, sender: number, source: number, content: Uint8Array): Buffer => {
  const bytes = Buffer.alloc(12 + content.length)
  bytes.writeUInt8(0x80 | format, 0)
  bytes.writeUInt8(payloadSpecific, 1)
  bytes.writeUInt16BE(bytes.length / 4 - 1, 2)
  bytes.writeUInt32BE(sender, 4)
  bytes.writeUInt32BE(source, 8)
  bytes.set(content, 12)
  return bytes
}

/** Tells the source that pictures were lost: it answers with a key frame (RFC 4585 6.3.1). Belongs behind a report in a compound packet. */
export const pictureLossIndication = (sender: number, source: number): Buffer => feedback(1, sender, source, Buffer.alloc(0))

/** Commands a key frame; `sequence` is another one in each command that is no repetition (RFC 5104 4.3.1). */
export const fullIntraRequest = (sender: number, source: number, sequence: number): Buffer => {
  const entry = Buffer.alloc(8)
  entry.writeUInt32BE(source, 0)
  entry.writeUInt8(sequence & 0xff, 4)
  return feedback(4, sender, 0, entry)
}
