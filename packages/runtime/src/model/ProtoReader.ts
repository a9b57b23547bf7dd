/** Where and why bytes are not a protobuf message, or not one that this program is willing to read. */
export class ProtoSyntaxError extends Error {
  readonly offset: number
  constructor(offset: number, detail: string) {
    super(`${detail} at byte ${offset}`)
    this.offset = offset
  }
}

/** One field of a message; `start`..`end` are its bytes with the tag, `from`..`to` its payload (length-delimited fields only). */
export interface ProtoField {
  readonly number: number
  readonly wire: "varint" | "fixed64" | "bytes" | "fixed32"
  readonly start: number
  readonly end: number
  readonly from: number
  readonly to: number
}

const wires: ReadonlyArray<ProtoField["wire"] | undefined> = ["varint", "fixed64", "bytes", undefined, undefined, "fixed32"]

/**
 * Reads the wire format (protobuf.dev, "Encoding") of one message that lies in `bytes` between `from` and `to`. Never reads outside of
 * that range and never copies; throws {@link ProtoSyntaxError}.
 */
export class ProtoReader {
  readonly #bytes: Uint8Array
  readonly #to: number
  #at: number

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.#bytes = bytes
    this.#at = from
    this.#to = to
  }

  /** The next field, or undefined at the end of the message. */
  next(): ProtoField | undefined {
    if (this.#at === this.#to) return undefined
    const start = this.#at
    const tag = this.#varint()
    const number = Math.floor(tag / 8)
    const wire = wires[tag % 8]
    if (wire === undefined || number === 0 || number > 0x1fff_ffff) throw new ProtoSyntaxError(start, "not a protobuf field")
    const payload = this.#at
    if (wire === "varint") {
      this.#varint()
      return { number, wire, start, end: this.#at, from: payload, to: this.#at }
    }
    const length = wire === "bytes" ? this.#varint() : wire === "fixed64" ? 8 : 4
    const from = this.#at
    if (length > this.#to - from) throw new ProtoSyntaxError(start, `field ${number} of ${length} bytes is cut off`)
    this.#at = from + length
    return { number, wire, start, end: this.#at, from, to: this.#at }
  }

  /** The value of a varint field as a signed 64-bit integer; beyond 2^53 it is rounded. */
  integer(field: ProtoField): number {
    this.#expect(field, "varint")
    return signedVarint(this.#bytes, field.from, field.to)
  }

  text(field: ProtoField, limit = 65_536): string {
    this.#expect(field, "bytes")
    if (field.to - field.from > limit)
      throw new ProtoSyntaxError(field.start, `text of field ${field.number} is longer than ${limit} bytes`)
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + field.from, field.to - field.from).toString("utf8")
  }

  message(field: ProtoField): ProtoReader {
    this.#expect(field, "bytes")
    return new ProtoReader(this.#bytes, field.from, field.to)
  }

  #expect(field: ProtoField, wire: ProtoField["wire"]): void {
    if (field.wire !== wire) throw new ProtoSyntaxError(field.start, `field ${field.number} has the wrong wire type`)
  }

  /** An unsigned varint of at most ten bytes. */
  #varint(): number {
    const start = this.#at
    let value = 0
    let factor = 1
    for (let length = 1; length <= 10; length++) {
      const byte = this.#at < this.#to ? this.#bytes[this.#at++] : undefined
      if (byte === undefined) throw new ProtoSyntaxError(start, "number is cut off")
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 128
    }
    throw new ProtoSyntaxError(start, "number is longer than ten bytes")
  }
}

/** The varint in `from`..`to` as a signed 64-bit integer; negative ones always take ten bytes. */
const signedVarint = (bytes: Uint8Array, from: number, to: number): number => {
  let value = 0n
  for (let at = to - 1; at >= from; at--) value = (value << 7n) | BigInt(bytes[at] & 0x7f)
  return Number(BigInt.asIntN(64, value))
}

/** A varint field with a non-negative value below 2^53. */
export const varintField = (number: number, value: number): Uint8Array => concatBytes([varint(number * 8), varint(value)])

/** A length-delimited field. */
export const bytesField = (number: number, payload: Uint8Array): Uint8Array =>
  concatBytes([varint(number * 8 + 2), varint(payload.length), payload])

export const concatBytes = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const varint = (value: number): Uint8Array => {
  const bytes: Array<number> = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}
