import type { RtpPacket } from "../RtpPacket.js"
import type { Depacketiser, FrameSink } from "./Depacketiser.js"
import { type JpegLayout, jpegHeader, quantisationTables } from "./JpegTables.js"
import { UnitBuffer } from "./UnitBuffer.js"

/** RFC 2435 3.1, of the packet that is being read. */
interface JpegPayload {
  readonly offset: number
  readonly type: number
  readonly quality: number
  readonly width: number
  readonly height: number
  readonly restartInterval: number
  /** Where what follows the headers begins: tables or data. */
  readonly next: number
}

interface Tables {
  readonly precision: number
  readonly values: Uint8Array
}

const restartTypes = 64

const readPayload = ({ bytes, end, start }: RtpPacket): JpegPayload | undefined => {
  if (end - start < 8) return undefined
  const type = bytes[start + 4] ?? 0
  const restarts = type >= restartTypes && type < 128
  if (restarts && end - start < 12) return undefined
  return {
    offset: ((bytes[start + 1] ?? 0) << 16) | ((bytes[start + 2] ?? 0) << 8) | (bytes[start + 3] ?? 0),
    type,
    quality: bytes[start + 5] ?? 0,
    width: (bytes[start + 6] ?? 0) * 8,
    height: (bytes[start + 7] ?? 0) * 8,
    restartInterval: restarts ? bytes.readUInt16BE(start + 8) : 0,
    next: start + (restarts ? 12 : 8)
  }
}

const tableBytes = (precision: number, tables: 1 | 2): number =>
  ((precision & 1) !== 0 ? 128 : 64) + (tables === 1 ? 0 : (precision & 2) !== 0 ? 128 : 64)

/**
 * MJPEG (RFC 2435): types 0 and 1, restart markers, quality 1 to 99 by formula and 128 to 255 with tables in the stream. Images with a piece
 * missing are left out. `size` is used for pictures that are too large for the header's fields (over 2040 pixels).
 */
export const makeJpegDepacketiser = (
  sink: FrameSink,
  size?: { readonly width: number; readonly height: number }
): Depacketiser => {
  const image = new UnitBuffer()
  /** Tables of the quality values 128 to 254 stay valid until they are sent again. */
  const known = new Map<number, Tables>()
  let timestamp = -1
  let expectedOffset = 0
  let header: { readonly key: string; readonly bytes: Buffer } | undefined

  /** Each image that is left out is counted once: at its marker, or where the next one begins. */
  const drop = (marker: boolean) => {
    image.clear()
    if (marker) sink.onBrokenFrame()
  }

  /** The tables of an image, and where its data begins. */
  const readTables = (packet: RtpPacket, payload: JpegPayload): readonly [tables: Tables, data: number] | undefined => {
    if (payload.quality < 128) {
      if (payload.quality === 0 || payload.quality > 99) return undefined
      const tables = known.get(payload.quality) ?? { precision: 0, values: quantisationTables(payload.quality) }
      known.set(payload.quality, tables)
      return [tables, payload.next]
    }
    const at = payload.next
    if (packet.end - at < 4) return undefined
    const precision = packet.bytes[at + 1] ?? 0
    const length = packet.bytes.readUInt16BE(at + 2)
    const data = at + 4 + length
    if (length === 0) {
      const tables = known.get(payload.quality)
      return tables === undefined || payload.quality === 255 ? undefined : [tables, data]
    }
    if (data > packet.end || (length !== tableBytes(precision, 1) && length !== tableBytes(precision, 2))) return undefined
    const tables = { precision, values: new Uint8Array(packet.bytes.subarray(at + 4, data)) }
    known.set(payload.quality, tables)
    return [tables, data]
  }

  const headerFor = (layout: JpegLayout): Buffer => {
    const key = `${layout.width}x${layout.height}/${layout.halfHeightChroma}/${layout.restartInterval}/${layout.precision}/${Buffer.from(layout.tables).toString("latin1")}`
    if (header?.key !== key) header = { key, bytes: jpegHeader(layout) }
    return header.bytes
  }

  /** Puts the header down; answers where the packet's data begins, or undefined when the image cannot be read. */
  const begin = (packet: RtpPacket, payload: JpegPayload): number | undefined => {
    drop(image.count > 0)
    const width = payload.width === 0 ? size?.width : payload.width
    const height = payload.height === 0 ? size?.height : payload.height
    const kind = payload.type & ~restartTypes
    const tables = readTables(packet, payload)
    if (tables === undefined || kind > 1 || width === undefined || height === undefined) return undefined
    const [{ precision, values }, data] = tables
    const bytes = headerFor({
      width,
      height,
      precision,
      tables: values,
      halfHeightChroma: kind === 1,
      restartInterval: payload.restartInterval
    })
    image.begin()
    image.append(bytes, 0, bytes.length)
    timestamp = packet.timestamp
    expectedOffset = 0
    return data
  }

  const finish = (bytes: Buffer, end: number) => {
    if (bytes[end - 2] !== 0xff || bytes[end - 1] !== 0xd9) {
      image.appendByte(0xff)
      image.appendByte(0xd9)
    }
    if (image.overflown) return drop(true)
    sink.onFrame({ units: image.take(), timestamp, keyframe: true, damaged: false })
  }

  return {
    push: (packet, lost) => {
      const payload = readPayload(packet)
      if (payload === undefined) return drop(packet.marker)
      let data = payload.next
      if (payload.offset === 0) {
        const start = begin(packet, payload)
        if (start === undefined) return drop(packet.marker)
        data = start
      } else if (lost || image.count === 0 || packet.timestamp !== timestamp || payload.offset !== expectedOffset) {
        return drop(packet.marker)
      }
      image.append(packet.bytes, data, packet.end)
      expectedOffset += packet.end - data
      if (packet.marker) finish(packet.bytes, packet.end)
    }
  }
}
