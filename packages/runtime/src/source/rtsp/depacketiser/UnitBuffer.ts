import { maxFrameBytes } from "./Depacketiser.js"

const initialBytes = 8 * 1024
/** A larger buffer is given back after the frame that needed it. */
const keptBytes = 1024 * 1024
const maxUnits = 2048

/**
 * Collects the units of one frame in a buffer that is used again for the next one. A finished frame is copied into memory of exactly
 * its size: rings keep frames for many seconds, and views into receive buffers would pin ten times as much.
 */
export class UnitBuffer {
  /** Set when the frame has become too large; it stays set until `clear`. */
  overflown = false
  private bytes = Buffer.allocUnsafeSlow(initialBytes)
  private length = 0
  private readonly starts: Array<number> = []

  get count(): number {
    return this.starts.length
  }

  /** Begins the next unit. */
  begin(): void {
    if (this.starts.length >= maxUnits) this.overflown = true
    else this.starts.push(this.length)
  }

  append(source: Buffer, from: number, to: number): void {
    if (!this.reserve(to - from)) return
    source.copy(this.bytes, this.length, from, to)
    this.length += to - from
  }

  appendByte(byte: number): void {
    if (!this.reserve(1)) return
    this.bytes[this.length++] = byte
  }

  /** Forgets the unit begun last. */
  dropLast(): void {
    const start = this.starts.pop()
    if (start !== undefined) this.length = start
  }

  /** Byte `index` of the unit begun last. */
  byteOfLast(index: number): number {
    const at = (this.starts.at(-1) ?? 0) + index
    return at < this.length ? (this.bytes[at] ?? 0) : 0
  }

  /** Whether the unit begun last is the same as one before it. */
  lastIsRepeated(): boolean {
    const from = this.starts.at(-1) ?? 0
    for (let i = 0; i + 1 < this.starts.length; i++) {
      const start = this.starts[i] ?? 0
      const end = this.starts[i + 1] ?? 0
      if (this.bytes.compare(this.bytes, start, end, from, this.length) === 0) return true
    }
    return false
  }

  clear(): void {
    this.length = 0
    this.starts.length = 0
    this.overflown = false
    if (this.bytes.length > keptBytes) this.bytes = Buffer.allocUnsafeSlow(initialBytes)
  }

  /** The units in memory of their own; the buffer is empty afterwards. */
  take(): ReadonlyArray<Uint8Array> {
    const copy = Buffer.allocUnsafe(this.length)
    this.bytes.copy(copy, 0, 0, this.length)
    const count = this.starts.length
    const units = new Array<Uint8Array>(count)
    for (let i = 0; i < count; i++) {
      units[i] = count === 1 ? copy : copy.subarray(this.starts[i], i + 1 < count ? this.starts[i + 1] : this.length)
    }
    this.clear()
    return units
  }

  private reserve(more: number): boolean {
    const needed = this.length + more
    if (needed > maxFrameBytes) this.overflown = true
    if (this.overflown) return false
    if (needed > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(maxFrameBytes, Math.max(needed, this.bytes.length * 2)))
      this.bytes.copy(larger, 0, 0, this.length)
      this.bytes = larger
    }
    return true
  }
}
