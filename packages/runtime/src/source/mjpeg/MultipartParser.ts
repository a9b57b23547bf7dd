export interface MultipartLimits {
  /** Bytes of one part's headers, and of what may stand between parts. */
  readonly headerBytes: number
  /** Bytes of one part. */
  readonly bodyBytes: number
}

export const defaultMultipartLimits: MultipartLimits = { headerBytes: 8 * 1024, bodyBytes: 16 * 1024 * 1024 }

export interface MultipartHandlers {
  /** A part's body; `part` is only valid during the call. */
  readonly onPart: (part: Buffer) => void
  /** The closing delimiter has come. */
  readonly onEnd: () => void
}

/** What the server did, as the end of a sentence that begins with "The camera". */
export class MultipartSyntaxError extends Error {}

const lineFeed = 0x0a
const initialBytes = 64 * 1024
/** A larger buffer is given back when it is empty. */
const keptBytes = 2 * 1024 * 1024

/** The boundary of a `multipart` content type (RFC 2046 5.1.1), or undefined for another type or where there is none. */
export const boundaryOf = (contentType: string): string | undefined => {
  if (!/^multipart\//i.test(contentType.trim())) return undefined
  const match = /;\s*boundary\s*=\s*(?:"([^"]{1,256})"|([^\s;"]{1,256}))/i.exec(contentType.slice(0, 1024))
  return match?.[1] ?? match?.[2]
}

/**
 * Takes a `multipart/x-mixed-replace` body apart, however it is cut. A part ends where its Content-Length says, or at the next delimiter
 * where there is none. Lengths that turn out wrong once are not believed any more. Holds at most one part. Throws
 * {@link MultipartSyntaxError} when a limit is broken, and must not be used after that.
 */
export class MultipartParser {
  private readonly handlers: MultipartHandlers
  private readonly limits: MultipartLimits
  /** Cameras announce the boundary with or without the dashes that go before it, so they are not looked at. */
  private readonly delimiter: Buffer
  private buffer = Buffer.allocUnsafeSlow(initialBytes)
  private length = 0
  private state: "between" | "headers" | "body" | "over" = "between"
  /** Where looking for a delimiter goes on: what lies before has none. */
  private searched = 0
  private skipped = 0
  private bodyLength: number | undefined
  private lengthsCount = true

  constructor(boundary: string, handlers: MultipartHandlers, limits: MultipartLimits = defaultMultipartLimits) {
    this.handlers = handlers
    this.limits = limits
    this.delimiter = Buffer.from(`--${boundary.replace(/^-+/, "")}`, "latin1")
  }

  push(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0 && this.state !== "over") {
      const taken = rest.subarray(0, initialBytes)
      this.hold(taken)
      rest = rest.subarray(taken.length)
      this.drain()
    }
  }

  private hold(chunk: Buffer): void {
    const needed = this.length + chunk.length
    if (needed > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2))
      this.buffer.copy(larger, 0, 0, this.length)
      this.buffer = larger
    }
    chunk.copy(this.buffer, this.length)
    this.length = needed
  }

  private drain(): void {
    let used = 0
    for (;;) {
      const held = this.buffer.subarray(used, this.length)
      const next = this.take(held)
      if (next < 0) break
      used += next
    }
    this.buffer.copyWithin(0, used, this.length)
    this.length -= used
    if (this.length === 0 && this.buffer.length > keptBytes) this.buffer = Buffer.allocUnsafeSlow(initialBytes)
  }

  /** Does one step; answers how many bytes are done with, or -1 when it needs more. */
  private take(held: Buffer): number {
    switch (this.state) {
      case "between":
        return this.takeDelimiter(held)
      case "headers":
        return this.takeHeaders(held)
      case "body":
        return this.bodyLength === undefined ? this.takeUntilDelimiter(held) : this.takeLength(held, this.bodyLength)
      case "over":
        return -1
    }
  }

  private takeDelimiter(held: Buffer): number {
    const at = held.indexOf(this.delimiter)
    if (at < 0) {
      const passed = Math.max(0, held.length - this.delimiter.length)
      this.skipped += passed
      if (this.skipped > this.limits.headerBytes) {
        throw new MultipartSyntaxError(`sent ${this.limits.headerBytes} bytes without the boundary it has announced`)
      }
      return passed === 0 ? -1 : passed
    }
    const lineEnd = held.indexOf(lineFeed, at)
    if (lineEnd < 0) {
      if (held.length - at > this.limits.headerBytes) throw this.tooLongHeaders()
      return -1
    }
    this.skipped = 0
    const after = at + this.delimiter.length
    if (held[after] === 0x2d && held[after + 1] === 0x2d) {
      this.state = "over"
      this.handlers.onEnd()
      return -1
    }
    this.state = "headers"
    return lineEnd + 1
  }

  private tooLongHeaders(): MultipartSyntaxError {
    return new MultipartSyntaxError(`sent more than ${this.limits.headerBytes} bytes of headers for one image`)
  }

  private takeHeaders(held: Buffer): number {
    let end = -1
    for (let at = held.indexOf(lineFeed); at >= 0 && end < 0; at = held.indexOf(lineFeed, at + 1)) {
      const lineStart = at === 0 ? 0 : held.lastIndexOf(lineFeed, at - 1) + 1
      if (at === lineStart || (at === lineStart + 1 && held[lineStart] === 0x0d)) end = at + 1
    }
    if ((end < 0 ? held.length : end) > this.limits.headerBytes) throw this.tooLongHeaders()
    if (end < 0) return -1
    const length = /^content-length\s*:\s*(\d{1,12})\s*$/im.exec(held.toString("latin1", 0, end))?.[1]
    this.bodyLength = length === undefined || !this.lengthsCount ? undefined : Number(length)
    if (this.bodyLength !== undefined && this.bodyLength > this.limits.bodyBytes) throw this.tooLargeBody()
    this.searched = 0
    this.state = "body"
    return end
  }

  private tooLargeBody(): MultipartSyntaxError {
    return new MultipartSyntaxError(`sent an image of more than ${this.limits.bodyBytes} bytes`)
  }

  /** A length is wrong when a delimiter comes before the end, or something else than a delimiter after it. */
  private takeLength(held: Buffer, length: number): number {
    const needed = length + 4 + this.delimiter.length
    const early = held.subarray(0, Math.min(held.length, length)).indexOf(this.delimiter, this.searched)
    this.searched = Math.max(0, Math.min(held.length, length) - this.delimiter.length)
    if (early >= 0) return this.distrustLengths()
    if (held.length < length) return -1
    const following = held.subarray(length, needed).toString("latin1")
    const expected = this.delimiter.toString("latin1")
    const trimmed = following.replace(/^[\r\n]*-*/, "--")
    if (!(trimmed.startsWith(expected) || expected.startsWith(trimmed) || /^[\r\n-]*$/.test(following))) {
      return this.distrustLengths()
    }
    this.state = "between"
    this.handlers.onPart(held.subarray(0, length))
    return length
  }

  private distrustLengths(): number {
    this.lengthsCount = false
    this.bodyLength = undefined
    this.searched = 0
    return 0
  }

  private takeUntilDelimiter(held: Buffer): number {
    const at = held.indexOf(this.delimiter, this.searched)
    if ((at < 0 ? held.length : at) > this.limits.bodyBytes) throw this.tooLargeBody()
    if (at < 0) {
      this.searched = Math.max(0, held.length - this.delimiter.length)
      return -1
    }
    this.state = "between"
    this.handlers.onPart(held.subarray(0, at))
    return at
  }
}
