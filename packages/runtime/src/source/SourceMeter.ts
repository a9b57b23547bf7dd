import type { SourceStatistics } from "@vigil/core/Source"
import type { MonotonicTime } from "@vigil/core/Time"

/** Rates are over ten of these, five seconds; the one being filled is not counted. */
const bucketMillis = 500
const window = 10
const bucketCount = window + 1

interface Bucket {
  bytes: number
  frames: number
}

/** Counts what a source delivers. Costs some additions for each packet and frame. */
export class SourceMeter {
  packetsLost = 0
  packetsReordered = 0
  private bytes = 0
  private packets = 0
  private accessUnits = 0
  private damagedAccessUnits = 0
  private keyframes = 0
  private readonly buckets: ReadonlyArray<Bucket> = Array.from({ length: bucketCount }, () => ({ bytes: 0, frames: 0 }))
  private current: Bucket = { bytes: 0, frames: 0 }
  private index = -1
  private firstIndex = -1
  /** When the current bucket is full. */
  private until = 0

  onPacket(bytes: number, now: MonotonicTime): void {
    this.packets++
    this.bytes += bytes
    if (now >= this.until) this.advance(now)
    this.current.bytes += bytes
  }

  /** `video` frames make the frame rate and the count of key frames. */
  onAccessUnit(video: boolean, keyframe: boolean, damaged: boolean, now: MonotonicTime): void {
    this.accessUnits++
    if (damaged) this.damagedAccessUnits++
    if (!video) return
    if (keyframe) this.keyframes++
    if (now >= this.until) this.advance(now)
    this.current.frames++
  }

  /** A frame that had to be left out. */
  onBrokenFrame(): void {
    this.damagedAccessUnits++
  }

  /** `jitter` in milliseconds. */
  read(now: MonotonicTime, jitter: number): SourceStatistics {
    if (this.index >= 0) this.advance(now)
    const complete = Math.min(window, this.index - this.firstIndex)
    let bytes = 0
    let frames = 0
    for (const bucket of this.buckets) {
      if (bucket === this.current) continue
      bytes += bucket.bytes
      frames += bucket.frames
    }
    const seconds = (complete * bucketMillis) / 1000
    return {
      bytes: this.bytes,
      packets: this.packets,
      packetsLost: this.packetsLost,
      packetsReordered: this.packetsReordered,
      accessUnits: this.accessUnits,
      damagedAccessUnits: this.damagedAccessUnits,
      keyframes: this.keyframes,
      bitrate: complete > 0 ? (bytes * 8) / seconds : 0,
      framesPerSecond: complete > 0 ? frames / seconds : 0,
      jitter
    }
  }

  private advance(now: MonotonicTime): void {
    const index = Math.floor(now / bucketMillis)
    if (index === this.index) return
    this.until = (index + 1) * bucketMillis
    if (this.index < 0) this.firstIndex = index
    const first = Math.max(this.index + 1, index - window)
    for (let i = first; i <= index; i++) {
      const bucket = this.buckets[i % bucketCount]
      if (bucket === undefined) continue
      bucket.bytes = 0
      bucket.frames = 0
      this.current = bucket
    }
    this.index = index
  }
}
