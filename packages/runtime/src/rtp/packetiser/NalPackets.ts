/** Payload bytes of an RTP packet at the most: fits 1200-byte datagrams with SRTP and header extensions (RFC 8834 recommends small ones). */
export const largestPayload = 1180

export type NalCodec = "h264" | "h265"

const slice = (header: ReadonlyArray<number>, unit: Uint8Array, from: number, to: number): Buffer => {
  const payload = Buffer.allocUnsafe(header.length + to - from)
  payload.set(header, 0)
  payload.set(unit.subarray(from, to), header.length)
  return payload
}

/** Headers of fragments: FU-A (RFC 6184 5.8) and FU (RFC 7798 4.4.3). `flags` are the start and end bits. */
const fragmentHeader = {
  h264: (unit: Uint8Array, flags: number) => {
    const first = unit[0] ?? 0
    return [(first & 0xe0) | 28, (first & 0x1f) | flags]
  },
  h265: (unit: Uint8Array, flags: number) => {
    const first = unit[0] ?? 0
    return [(first & 0x81) | (49 << 1), unit[1] ?? 0, ((first >> 1) & 0x3f) | flags]
  }
} as const

/** Bytes of a unit's own header, which fragments carry in theirs. */
const headerBytes = { h264: 1, h265: 2 } as const

/** Adds the RTP payloads of one NAL unit (without start code): itself where it is small enough, which is not copied, or its fragments. */
export const pushUnit = (codec: NalCodec, unit: Uint8Array, payloads: Array<Buffer>): void => {
  if (unit.length <= largestPayload) {
    payloads.push(Buffer.from(unit.buffer, unit.byteOffset, unit.byteLength))
    return
  }
  const first = headerBytes[codec]
  const step = largestPayload - fragmentHeader[codec](unit, 0).length
  for (let from: number = first; from < unit.length; from += step) {
    const to = Math.min(unit.length, from + step)
    const flags = (from === first ? 0x80 : 0) | (to === unit.length ? 0x40 : 0)
    payloads.push(slice(fragmentHeader[codec](unit, flags), unit, from, to))
  }
}
