import type { Size } from "@vigil/core/geometry/BoundingBox"
import { gridOf, hasShape, type OutputAdapter, type OutputShape, strides } from "./OutputAdapter.js"
import { bestClass } from "./Yolox.js"

/** Distances are distributions over 0..7 strides (reg_max 7). */
const bins = 8

/**
 * NanoDet: for each stride an output [1, cells, classes] of scores (after their sigmoid) and one [1, cells, 32] with four distributions
 * of the distance from the cell's centre to the box's sides (generalised focal loss, arXiv:2006.04388). `[cells, n]` is taken too.
 */
export const nanodet: OutputAdapter = {
  expected: (input, classes) =>
    strides.map((stride) => `[1, ${cells(input, stride)}, ${classes}] and [1, ${cells(input, stride)}, ${4 * bins}]`).join(", "),
  matches: (outputs, input, classes) => strides.every((stride) => find(outputs, cells(input, stride), classes) !== undefined),
  decode: (outputs, input, classes, threshold, candidates) => {
    for (const stride of strides) {
      const { columns, rows } = gridOf(input, stride)
      const head = find(outputs, columns * rows, classes)
      if (head === undefined) return
      const scores = head.scores.data
      const distances = head.distances.data
      for (let cell = 0; cell < columns * rows; cell++) {
        const kind = bestClass(scores, cell * classes, classes)
        const score = scores[cell * classes + kind]
        if (!(score >= threshold)) continue
        const x = (cell % columns) * stride + (stride - 1) / 2
        const y = Math.floor(cell / columns) * stride + (stride - 1) / 2
        const from = cell * 4 * bins
        candidates.add(
          x - expectation(distances, from) * stride,
          y - expectation(distances, from + bins) * stride,
          x + expectation(distances, from + 2 * bins) * stride,
          y + expectation(distances, from + 3 * bins) * stride,
          score,
          kind
        )
      }
    }
  }
}

const cells = (input: Size, stride: number): number => {
  const { columns, rows } = gridOf(input, stride)
  return columns * rows
}

/** A head's two outputs; a model of 32 classes gives both the same shape, and then their order says which is which. */
const find = <O extends OutputShape>(
  outputs: ReadonlyArray<O>,
  count: number,
  classes: number
): { readonly scores: O; readonly distances: O } | undefined => {
  const of = (length: number, not?: O) =>
    outputs.find((output) => output !== not && (hasShape(output, 1, count, length) || hasShape(output, count, length)))
  const scores = of(classes)
  const distances = of(4 * bins, scores)
  return scores === undefined || distances === undefined ? undefined : { scores, distances }
}

/** Mean of the distribution whose logarithms are the eight values from `from` on. */
const expectation = (data: Float32Array, from: number): number => {
  let largest = data[from]
  for (let bin = 1; bin < bins; bin++) largest = Math.max(largest, data[from + bin])
  let total = 0
  let weighted = 0
  for (let bin = 0; bin < bins; bin++) {
    const weight = Math.exp(data[from + bin] - largest)
    total += weight
    weighted += weight * bin
  }
  return weighted / total
}
