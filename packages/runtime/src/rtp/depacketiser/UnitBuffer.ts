import { maxFrameBytes } from "./Depacketiser.js"

/** One allocation serves many frames: an allocation for each costs more than all the rest of receiving it. */
const slabBytes = 64 * 1024
const maxUnits = 2048

/**
 * Collects the units of one frame, right where they stay: a finished frame is handed out as views into a slab that only this track's
 * frames share. Rings keep frames for many seconds; they pin little more than the frames' own bytes, where views into receive buffers
 * would pin all that came with them.
 */
export class UnitBuffer {
  /** Set when the frame has become too large; it stays set until `clear`. */
  overflown = false
  private slab = Buffer.allocUnsafeSlow(slabBytes)
  /** The frame being collected lies in the slab from `start` to before `end`. */
  private start = 0
  private end = 0
  private readonly starts: Array<number> = []

  get count(): number {
    return this.starts.length
  }

  /** Begins the next unit. */
  begin(): void {
    if (this.starts.length >= maxUnits) this.overflown = true
    else this.starts.push(this.end - this.start)
  }

  append(source: Buffer, from: number, to: number): void {
    if (!this.reserve(to - from)) return
    source.copy(this.slab, this.end, from, to)
    this.end += to - from
  }

  appendByte(byte: number): void {
    if (!this.reserve(1)) return
    this.slab[this.end++] = byte
  }

  /** Forgets the unit begun last. */
  dropLast(): void {
    const start = this.starts.pop()
    if (start !== undefined) this.end = this.start + start
  }

  /** Byte `index` of the unit begun last. */
  byteOfLast(index: number): number {
    const at = this.start + (this.starts.at(-1) ?? 0) + index
    return at < this.end ? (this.slab[at] ?? 0) : 0
  }

  /** Of the first unit. */
  firstByte(): number {
    return this.end > this.start ? (this.slab[this.start] ?? 0) : 0
  }

  /** Whether the unit begun last is the same as one before it. */
  lastIsRepeated(): boolean {
    const last = this.unit(this.starts.length - 1)
    for (let i = 0; i + 1 < this.starts.length; i++) if (last.equals(this.unit(i))) return true
    return false
  }

  clear(): void {
    this.end = this.start
    this.starts.length = 0
    this.overflown = false
  }

  /** The units; the buffer is empty afterwards. */
  take(): ReadonlyArray<Uint8Array> {
    const count = this.starts.length
    const units = new Array<Uint8Array>(count)
    for (let i = 0; i < count; i++) units[i] = this.unit(i)
    this.start = this.end
    this.clear()
    return units
  }

  private unit(index: number): Buffer {
    const from = this.starts[index] ?? 0
    const to = this.starts[index + 1]
    return this.slab.subarray(this.start + from, to === undefined ? this.end : this.start + to)
  }

  private reserve(more: number): boolean {
    const length = this.end - this.start
    if (length + more > maxFrameBytes) this.overflown = true
    if (this.overflown) return false
    if (this.end + more > this.slab.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(slabBytes, Math.min(maxFrameBytes, (length + more) * 2)))
      this.slab.copy(larger, 0, this.start, this.end)
      this.slab = larger
      this.start = 0
      this.end = length
    }
    return true
  }
}
