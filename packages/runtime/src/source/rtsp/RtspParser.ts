import type { RtspHeaders, RtspMessage } from "./RtspMessage.js"

/** What a server may make us hold or read over. */
export interface RtspParserLimits {
  /** Bytes of the start line and all headers. */
  readonly headerBytes: number
  readonly headers: number
  readonly bodyBytes: number
  /** Bytes in a row that belong to no message and no interleaved frame. */
  readonly garbageBytes: number
}

export const defaultParserLimits: RtspParserLimits = {
  headerBytes: 16 * 1024,
  headers: 64,
  bodyBytes: 256 * 1024,
  garbageBytes: 4096
}

export interface RtspParserHandlers {
  readonly onMessage: (message: RtspMessage) => void
  /** An interleaved frame (RFC 2326 10.12): `bytes` from `start` to before `end`, valid only during the call. */
  readonly onFrame: (channel: number, bytes: Buffer, start: number, end: number) => void
  /** Whether a channel was set up: what tells an interleaved frame from a dollar sign in garbage. */
  readonly knowsChannel: (channel: number) => boolean
}

/** What the server did, as the end of a sentence that begins with "The camera". */
export class RtspSyntaxError extends Error {}

const dollar = 0x24
const frameHeader = 4

/** The beginnings that messages of servers have; anything else between messages is garbage. */
const startLine = /^(?:RTSP\/|[A-Z]{3,}[A-Z_]* )/
const longestMethod = 16
/** A larger carry-over buffer is given back: only a message with a large body needs it, and those come first. */
const keptCarry = 16 * 1024

const findHeaderEnd = (bytes: Buffer, from: number, end: number): number => {
  for (let i = bytes.indexOf(0x0a, from); i >= 0 && i < end; i = bytes.indexOf(0x0a, i + 1)) {
    if (i + 1 < end && bytes[i + 1] === 0x0a) return i + 2
    if (i + 2 < end && bytes[i + 1] === 0x0d && bytes[i + 2] === 0x0a) return i + 3
  }
  return -1
}

/**
 * Takes one connection's bytes apart into messages and interleaved frames, however they are cut. Frames that lie whole within a chunk are not
 * copied. Holds at most one unfinished frame or message. Throws {@link RtspSyntaxError} when a limit is broken, and must
 * not be used after that.
 */
export class RtspParser {
  private readonly handlers: RtspParserHandlers
  private readonly limits: RtspParserLimits
  private carry = Buffer.alloc(0)
  private carried = 0
  /** Bytes that the carried message is known to have. */
  private awaited = 0
  private garbage = 0
  private closed = false

  constructor(handlers: RtspParserHandlers, limits: RtspParserLimits = defaultParserLimits) {
    this.handlers = handlers
    this.limits = limits
  }

  /** Ignores everything from now on; for a handler that ends the connection while the rest of a chunk is still waiting. */
  close(): void {
    this.closed = true
    this.carry = Buffer.alloc(0)
    this.carried = 0
  }

  /** Takes the first `length` bytes of `chunk`, which are only read during the call. */
  push(chunk: Buffer, length = chunk.length): void {
    let position = 0
    if (this.carried > 0) {
      position = this.carry[0] === dollar ? this.completeFrame(chunk, length) : this.append(chunk, 0, length)
    }
    position = this.drain(chunk, position, length)
    if (position < length && !this.closed) this.hold(chunk, position, length)
  }

  /** Adds to a frame that was carried over only what it needs, so that the rest of the chunk stays where it is. */
  private completeFrame(chunk: Buffer, length: number): number {
    let position = Math.min(length, Math.max(0, frameHeader - this.carried))
    this.hold(chunk, 0, position)
    if (this.carried < frameHeader) return position
    if (!this.isFrame(this.carry, 0)) return this.append(chunk, position, length)
    const missing = frameHeader + this.carry.readUInt16BE(2) - this.carried
    const added = Math.min(missing, length - position)
    this.hold(chunk, position, position + added)
    position += added
    if (added === missing) this.compact(this.drain(this.carry, 0, this.carried))
    return position
  }

  private append(chunk: Buffer, from: number, to: number): number {
    this.hold(chunk, from, to)
    if (this.carried >= this.awaited) this.compact(this.drain(this.carry, 0, this.carried))
    return to
  }

  /** Handles all that is complete; answers where the incomplete rest begins. */
  private drain(bytes: Buffer, from: number, end: number): number {
    let position = from
    while (position < end && !this.closed) {
      const next = this.takeOne(bytes, position, end)
      if (next < 0) return position
      position = next
    }
    return position
  }

  private hold(chunk: Buffer, from: number, to: number): void {
    const needed = this.carried + to - from
    if (needed > this.carry.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(this.carry.length * 2, 64 * 1024)))
      this.carry.copy(larger, 0, 0, this.carried)
      this.carry = larger
    }
    chunk.copy(this.carry, this.carried, from, to)
    this.carried = needed
  }

  private compact(used: number): void {
    if (this.closed) return
    if (used > 0) this.awaited = 0
    this.carry.copyWithin(0, used, this.carried)
    this.carried -= used
    if (this.carried === 0 && this.carry.length > keptCarry) this.carry = Buffer.alloc(0)
  }

  /** While bytes are being skipped, a dollar sign only counts with a channel that was set up. */
  private isFrame(bytes: Buffer, from: number): boolean {
    return this.garbage === 0 || this.handlers.knowsChannel(bytes[from + 1] ?? 0)
  }

  /** Handles what begins at `from`; answers where it ends, or -1 when bytes are missing. */
  private takeOne(bytes: Buffer, from: number, end: number): number {
    const first = bytes[from]
    if (first === dollar) return this.takeFrame(bytes, from, end)
    if (first === 0x0d || first === 0x0a) return this.skip(from, from + 1)
    return this.takeMessage(bytes, from, end)
  }

  private takeFrame(bytes: Buffer, from: number, end: number): number {
    if (end - from < frameHeader) return -1
    if (!this.isFrame(bytes, from)) return this.skip(from, from + 1)
    const start = from + frameHeader
    const stop = start + (((bytes[from + 2] ?? 0) << 8) | (bytes[from + 3] ?? 0))
    if (stop > end) return -1
    this.garbage = 0
    this.handlers.onFrame(bytes[from + 1] ?? 0, bytes, start, stop)
    return stop
  }

  /** Reads over bytes that belong to nothing; cameras do send some, for example after a wrong Content-Length. */
  private skip(from: number, to: number): number {
    this.garbage += to - from
    if (this.garbage > this.limits.garbageBytes) {
      throw new RtspSyntaxError(`sent more than ${this.limits.garbageBytes} bytes that are neither RTSP nor interleaved media`)
    }
    return to
  }

  private takeMessage(bytes: Buffer, from: number, end: number): number {
    const beginning = bytes.toString("latin1", from, Math.min(end, from + longestMethod))
    if (!startLine.test(beginning)) {
      const undecided = end - from < longestMethod && /^(?:R|RT|RTS|RTSP|[A-Z][A-Z_]*)$/.test(beginning)
      return undecided ? -1 : this.skip(from, from + 1)
    }
    const headerEnd = findHeaderEnd(bytes, from, end)
    if ((headerEnd < 0 ? end : headerEnd) - from > this.limits.headerBytes) {
      throw new RtspSyntaxError(`sent more than ${this.limits.headerBytes} bytes of headers`)
    }
    if (headerEnd < 0) return -1
    const lines = bytes.toString("latin1", from, headerEnd).split(/\r?\n/)
    const headers = this.readHeaders(lines)
    const stop = headerEnd + this.bodyLength(headers)
    if (stop > end) {
      this.awaited = stop - from
      return -1
    }
    this.garbage = 0
    const message = this.toMessage(lines[0] ?? "", headers, new Uint8Array(bytes.subarray(headerEnd, stop)))
    if (message === undefined) return this.skip(from, stop)
    this.handlers.onMessage(message)
    return stop
  }

  private readHeaders(lines: ReadonlyArray<string>): RtspHeaders {
    if (lines.length - 3 > this.limits.headers) throw new RtspSyntaxError(`sent more than ${this.limits.headers} headers`)
    const headers = new Map<string, Array<string>>()
    for (const text of lines.slice(1)) {
      const colon = text.indexOf(":")
      if (colon <= 0) continue
      const name = text.slice(0, colon).trim().toLowerCase()
      const values = headers.get(name)
      if (values === undefined) headers.set(name, [text.slice(colon + 1).trim()])
      else values.push(text.slice(colon + 1).trim())
    }
    return headers
  }

  private bodyLength(headers: RtspHeaders): number {
    const text = headers.get("content-length")?.[0]
    if (text === undefined) return 0
    if (!/^\d{1,15}$/.test(text)) throw new RtspSyntaxError(`sent the Content-Length "${text.slice(0, 20)}", which is no length`)
    const length = Number(text)
    if (length > this.limits.bodyBytes) {
      throw new RtspSyntaxError(`announced a body of ${length} bytes; the limit is ${this.limits.bodyBytes}`)
    }
    return length
  }

  private toMessage(start: string, headers: RtspHeaders, body: Uint8Array): RtspMessage | undefined {
    const response = /^RTSP\/\d\.\d\s+(\d{3})(?:\s+(.*))?$/.exec(start)
    if (response !== null) {
      return { _tag: "Response", status: Number(response[1]), reason: (response[2] ?? "").slice(0, 100), headers, body }
    }
    const request = /^([A-Z_]+)\s+(\S+)\s+RTSP\/\d\.\d$/.exec(start)
    if (request === null) return undefined
    return { _tag: "Request", method: request[1] ?? "", uri: request[2] ?? "", headers, body }
  }
}
