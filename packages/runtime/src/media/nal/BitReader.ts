/**
 * Reads bits, most significant first, from a raw byte sequence payload. Reading past the end gives zeros and sets `exhausted`, so a
 * parser of hostile input checks once at its end.
 */
export class BitReader {
  exhausted = false
  private position = 0
  private readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  bit(): number {
    const byte = this.bytes[this.position >> 3]
    if (byte === undefined) {
      this.exhausted = true
      return 0
    }
    const bit = (byte >> (7 - (this.position & 7))) & 1
    this.position++
    return bit
  }

  /** Up to 32 bits, unsigned. */
  bits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 2 + this.bit()
    return value
  }

  skip(count: number): void {
    this.position += count
    if (this.position > this.bytes.length * 8) this.exhausted = true
  }

  flag(): boolean {
    return this.bit() === 1
  }

  /** ue(v), ITU-T H.264 9.1. */
  unsigned(): number {
    let zeros = 0
    while (this.bit() === 0) {
      if (this.exhausted || ++zeros > 32) {
        this.exhausted = true
        return 0
      }
    }
    return 2 ** zeros - 1 + this.bits(zeros)
  }

  /** se(v), ITU-T H.264 9.1.1. */
  signed(): number {
    const code = this.unsigned()
    return code % 2 === 1 ? (code + 1) / 2 : -(code / 2)
  }
}

/** A NAL unit's payload without its header and without emulation prevention bytes (ITU-T H.264 7.3.1, H.265 7.3.1.1). */
export const rawPayload = (unit: Uint8Array, headerBytes: number): Uint8Array => {
  const payload = new Uint8Array(Math.max(0, unit.length - headerBytes))
  let length = 0
  let zeros = 0
  for (let i = headerBytes; i < unit.length; i++) {
    const byte = unit[i] ?? 0
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    zeros = byte === 0 ? zeros + 1 : 0
    payload[length++] = byte
  }
  return payload.subarray(0, length)
}
