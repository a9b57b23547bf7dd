import type { Detection } from "./Detection.js"
import { intersectionOverUnion } from "./geometry/BoxGeometry.js"

export interface SuppressionOptions {
  /** Boxes of one class that overlap by more (intersection over union, 0..1) are one object. */
  readonly overlap: number
  /** Candidates below are passed over, 0..1. */
  readonly confidence: number
  /** Only the best of this many candidates are looked at: bounds the time that a frame full of false boxes can take. */
  readonly maxCandidates: number
  /** Stops after this many objects. */
  readonly maxKept: number
}

export const defaultSuppression: SuppressionOptions = { overlap: 0.45, confidence: 0, maxCandidates: 1000, maxKept: 300 }

/** Candidates of one frame: `count` boxes as left, top, right, bottom, with a score (0..1) and a class each. */
export interface Candidates {
  readonly boxes: Float32Array
  readonly scores: Float32Array
  readonly classes: Int32Array | Uint8Array
  readonly count: number
}

/**
 * Greedy non-maximum suppression per class over typed arrays. Owns its scratch memory: one suppressor serves one caller at a time
 * and allocates nothing per frame until a frame has more candidates than any before it.
 */
export interface Suppressor {
  /** Indices of the kept candidates, best first. Valid until the next call. */
  readonly run: (candidates: Candidates) => Uint32Array
}

/** Indices are packed below the score's bits; a double holds 32 + 21 bits exactly. */
const indexSpan = 2 ** 21

export const makeSuppressor = (options: SuppressionOptions = defaultSuppression): Suppressor => {
  let keys = new Float64Array(256)
  const score = new Float32Array(1)
  const scoreBits = new Uint32Array(score.buffer)
  const kept = new Uint32Array(options.maxKept)
  const corners = new Float64Array(options.maxKept * 4)
  const areas = new Float64Array(options.maxKept)
  const classes = new Int32Array(options.maxKept)

  /**
   * Sorts the usable candidates by falling score, equal ones by their order, and returns how many there are. The bits of a positive
   * float grow with its value, so one number sorts natively, without a comparison function.
   */
  const rank = (candidates: Candidates): number => {
    const count = Math.min(candidates.count, indexSpan)
    if (keys.length < count) keys = new Float64Array(count)
    let usable = 0
    for (let i = 0; i < count; i++) {
      const value = candidates.scores[i] ?? 0
      if (!(value > 0) || value < options.confidence) continue
      score[0] = value
      keys[usable++] = -((scoreBits[0] ?? 0) * indexSpan + (indexSpan - 1 - i))
    }
    keys.subarray(0, usable).sort()
    return usable
  }

  const overlapsKept = (at: number, candidates: Candidates, keptCount: number, area: number): boolean => {
    const { boxes } = candidates
    const left = boxes[at * 4] ?? 0
    const top = boxes[at * 4 + 1] ?? 0
    const right = boxes[at * 4 + 2] ?? 0
    const bottom = boxes[at * 4 + 3] ?? 0
    const kind = candidates.classes[at]
    for (let k = 0, c = 0; k < keptCount; k++, c += 4) {
      if (classes[k] !== kind) continue
      const width = Math.min(right, corners[c + 2] ?? 0) - Math.max(left, corners[c] ?? 0)
      if (width <= 0) continue
      const height = Math.min(bottom, corners[c + 3] ?? 0) - Math.max(top, corners[c + 1] ?? 0)
      if (height <= 0) continue
      const shared = width * height
      if (shared > options.overlap * (area + (areas[k] ?? 0) - shared)) return true
    }
    return false
  }

  const run = (candidates: Candidates): Uint32Array => {
    const looked = Math.min(rank(candidates), options.maxCandidates)
    const { boxes } = candidates
    let keptCount = 0
    for (let rankAt = 0; rankAt < looked && keptCount < options.maxKept; rankAt++) {
      const at = indexSpan - 1 - (-(keys[rankAt] ?? 0) % indexSpan)
      const width = (boxes[at * 4 + 2] ?? 0) - (boxes[at * 4] ?? 0)
      const height = (boxes[at * 4 + 3] ?? 0) - (boxes[at * 4 + 1] ?? 0)
      if (!(width > 0 && height > 0) || overlapsKept(at, candidates, keptCount, width * height)) continue
      for (let side = 0; side < 4; side++) corners[keptCount * 4 + side] = boxes[at * 4 + side] ?? 0
      areas[keptCount] = width * height
      classes[keptCount] = candidates.classes[at] ?? 0
      kept[keptCount++] = at
    }
    return kept.subarray(0, keptCount)
  }

  return { run }
}

/** The same for a few detections that already are objects, for example of several models or picture parts. Best first. */
export const suppress = (
  detections: ReadonlyArray<Detection>,
  options: SuppressionOptions = defaultSuppression
): ReadonlyArray<Detection> => {
  const ranked = detections
    .filter((one) => one.confidence > 0 && one.confidence >= options.confidence && one.box.width > 0 && one.box.height > 0)
    .sort((a, b) => b.confidence - a.confidence)
    .slice(0, options.maxCandidates)
  const kept: Array<Detection> = []
  for (const candidate of ranked) {
    if (kept.length >= options.maxKept) break
    const known = kept.some(
      (one) => one.label === candidate.label && intersectionOverUnion(one.box, candidate.box) > options.overlap
    )
    if (!known) kept.push(candidate)
  }
  return kept
}
