/** Tables and headers that RTP leaves out of a JPEG image (RFC 2435 4.2, appendices A and B; ITU-T T.81 annex K). */

const baseLuma = [
  16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
  56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92,
  101, 103, 99
]

const baseChroma = [
  17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99
]

/** Luma and chroma table for the quality values 1 to 99, in zigzag order. */
export const quantisationTables = (quality: number): Buffer => {
  const factor = quality < 50 ? Math.floor(5000 / quality) : 200 - quality * 2
  const scale = (value: number) => Math.max(1, Math.min(255, Math.floor((value * factor + 50) / 100)))
  return Buffer.from([...baseLuma, ...baseChroma].map(scale))
}

const dcLuma = ["00010501010101010100000000000000", "000102030405060708090a0b"]
const acLuma = [
  "0002010303020403050504040000017d",
  "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a4344" +
    "45464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3" +
    "b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa"
]
const dcChroma = ["00030101010101010101010000000000", "000102030405060708090a0b"]
const acChroma = [
  "00020102040403040705040400010277",
  "0001020311040521310612415107617113223281081442a191b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a43" +
    "4445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aa" +
    "b2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa"
]

const segment = (marker: number, ...parts: ReadonlyArray<Uint8Array>): Buffer => {
  const body = Buffer.concat(parts)
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([head, body])
}

const huffman = (id: number, [counts = "", symbols = ""]: ReadonlyArray<string>): Buffer =>
  segment(0xc4, Buffer.from([id]), Buffer.from(counts, "hex"), Buffer.from(symbols, "hex"))

const huffmanTables = Buffer.concat([
  huffman(0x00, dcLuma),
  huffman(0x10, acLuma),
  huffman(0x01, dcChroma),
  huffman(0x11, acChroma)
])

export interface JpegLayout {
  readonly width: number
  readonly height: number
  /** 4:2:0 sampling, otherwise 4:2:2. */
  readonly halfHeightChroma: boolean
  /** One table or two; each has 64 values of one byte, or of two where its bit in `precision` is set. */
  readonly tables: Uint8Array
  readonly precision: number
  /** MCUs between restart markers; 0 for none. */
  readonly restartInterval: number
}

/** Everything of a JFIF image up to the entropy-coded data. */
export const jpegHeader = (layout: JpegLayout): Buffer => {
  const { halfHeightChroma, height, precision, restartInterval, tables, width } = layout
  const parts = [Buffer.from([0xff, 0xd8]), segment(0xe0, Buffer.from("4a46494600010100000100010000", "hex"))]
  const firstLength = (precision & 1) !== 0 ? 128 : 64
  const hasSecond = tables.length > firstLength
  parts.push(segment(0xdb, Buffer.from([(precision & 1) << 4]), tables.subarray(0, firstLength)))
  if (hasSecond) parts.push(segment(0xdb, Buffer.from([(((precision >> 1) & 1) << 4) | 1]), tables.subarray(firstLength)))
  const frame = Buffer.from([
    8,
    0,
    0,
    0,
    0,
    3,
    1,
    halfHeightChroma ? 0x22 : 0x21,
    0,
    2,
    0x11,
    hasSecond ? 1 : 0,
    3,
    0x11,
    hasSecond ? 1 : 0
  ])
  frame.writeUInt16BE(height, 1)
  frame.writeUInt16BE(width, 3)
  parts.push(segment(0xc0, frame), huffmanTables)
  if (restartInterval > 0) parts.push(segment(0xdd, Buffer.from([restartInterval >> 8, restartInterval & 0xff])))
  parts.push(segment(0xda, Buffer.from([3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0])))
  return Buffer.concat(parts)
}
