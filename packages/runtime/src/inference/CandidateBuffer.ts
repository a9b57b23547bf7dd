import type { Candidates } from "@vigil/core/NonMaximumSuppression"

/** Pixels from the picture's corner. */
const farthest = 1e7

/** Boxes of one frame before suppression, in input pixels. Grows to the largest frame so far, up to `limit`; later candidates are lost. */
export class CandidateBuffer implements Candidates {
  boxes = new Float32Array(1024)
  scores = new Float32Array(256)
  classes = new Int32Array(256)
  count = 0
  readonly limit: number

  constructor(limit = 100_000) {
    this.limit = limit
  }

  clear(): void {
    this.count = 0
  }

  /** A box by its centre and size. */
  addCentred(x: number, y: number, width: number, height: number, score: number, kind: number): void {
    this.add(x - width / 2, y - height / 2, x + width / 2, y + height / 2, score, kind)
  }

  /** Ignores boxes that are not numbers or far beyond any picture: a model may say anything. */
  add(left: number, top: number, right: number, bottom: number, score: number, kind: number): void {
    const usable = left > -farthest && top > -farthest && right < farthest && bottom < farthest && left <= right && top <= bottom
    if (!usable || this.count >= this.limit) return
    if (this.count === this.scores.length) this.#grow()
    const at = this.count++
    this.boxes[at * 4] = left
    this.boxes[at * 4 + 1] = top
    this.boxes[at * 4 + 2] = right
    this.boxes[at * 4 + 3] = bottom
    this.scores[at] = score
    this.classes[at] = kind
  }

  #grow(): void {
    const { boxes, scores, classes } = this
    const capacity = scores.length * 2
    this.boxes = new Float32Array(capacity * 4)
    this.scores = new Float32Array(capacity)
    this.classes = new Int32Array(capacity)
    this.boxes.set(boxes)
    this.scores.set(scores)
    this.classes.set(classes)
  }
}
