import { cellsOf, gridOf, hasShape, type OutputAdapter, strides } from "./OutputAdapter.js"

/**
 * YOLOX (arXiv:2107.08430), exported without decoding: one output [1, cells, 5 + classes] of raw centre offsets, log sizes, objectness
 * and class scores; the last two went through a sigmoid.
 */
export const yolox: OutputAdapter = {
  expected: (input, classes) => `[1, ${cellsOf(input)}, ${classes + 5}]`,
  matches: (outputs, input, classes) => outputs.some((output) => hasShape(output, 1, cellsOf(input), classes + 5)),
  decode: (outputs, input, classes, threshold, candidates) => {
    const data = outputs.find((output) => hasShape(output, 1, cellsOf(input), classes + 5))?.data
    if (data === undefined) return
    let at = 0
    for (const stride of strides) {
      const { columns, rows } = gridOf(input, stride)
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++, at += classes + 5) {
          const objectness = data[at + 4]
          if (!(objectness >= threshold)) continue
          const kind = bestClass(data, at + 5, classes)
          const score = objectness * data[at + 5 + kind]
          if (!(score >= threshold)) continue
          candidates.addCentred(
            (data[at] + column) * stride,
            (data[at + 1] + row) * stride,
            Math.exp(data[at + 2]) * stride,
            Math.exp(data[at + 3]) * stride,
            score,
            kind
          )
        }
      }
    }
  }
}

/** Index of the largest of `classes` scores from `from` on. */
export const bestClass = (data: Float32Array, from: number, classes: number): number => {
  let best = 0
  let score = data[from]
  for (let kind = 1; kind < classes; kind++) {
    const value = data[from + kind]
    if (value > score) {
      score = value
      best = kind
    }
  }
  return best
}
