/** Parts of a box's content: bytes, or what they are built of. */
type Content = Uint8Array | ReadonlyArray<Content>

const flatten = (content: Content): ReadonlyArray<Uint8Array> =>
  content instanceof Uint8Array ? [content] : content.flatMap(flatten)

export const u8 = (...values: ReadonlyArray<number>): Uint8Array => Uint8Array.from(values)

export const u16 = (...values: ReadonlyArray<number>): Uint8Array => {
  const bytes = Buffer.alloc(values.length * 2)
  values.forEach((value, index) => bytes.writeUInt16BE(value, index * 2))
  return bytes
}

export const u32 = (...values: ReadonlyArray<number>): Uint8Array => {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4))
  return bytes
}

export const u64 = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

export const ascii = (text: string): Uint8Array => Buffer.from(text, "latin1")

export const zeros = (count: number): Uint8Array => new Uint8Array(count)

/** A box (ISO/IEC 14496-12 4.2): length, four characters of type, content. */
export const box = (type: string, ...content: ReadonlyArray<Content>): Uint8Array => {
  const parts = flatten(content)
  const length = parts.reduce((sum, part) => sum + part.byteLength, 8)
  return Buffer.concat([u32(length), ascii(type), ...parts], length)
}

/** A box with version and flags. */
export const fullBox = (type: string, version: number, flags: number, ...content: ReadonlyArray<Content>): Uint8Array =>
  box(type, u32((version << 24) | flags), ...content)

/** A box as it is found in a file: its content is a view. */
export interface FoundBox {
  readonly type: string
  readonly content: Buffer
}

/** The boxes that follow each other in these bytes; undefined where one is longer than they are. */
export const readBoxes = (bytes: Buffer): ReadonlyArray<FoundBox> | undefined => {
  const found: Array<FoundBox> = []
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length) return undefined
    const length = bytes.readUInt32BE(at)
    if (length < 8 || at + length > bytes.length) return undefined
    found.push({ type: bytes.toString("latin1", at + 4, at + 8), content: bytes.subarray(at + 8, at + length) })
    at += length
  }
  return found
}

/** The content of the box at the end of this path of types. */
export const findBox = (bytes: Buffer, ...path: ReadonlyArray<string>): Buffer | undefined => {
  const [type, ...rest] = path
  const content = readBoxes(bytes)?.find((candidate) => candidate.type === type)?.content
  return content === undefined || rest.length === 0 ? content : findBox(content, ...rest)
}
