import { cellsOf, hasShape, type OutputAdapter } from "./OutputAdapter.js"

/**
 * YOLOv8 and v11 style heads, decoded in the graph: one output [1, 4 + classes, cells], a row of all cells for each of centre x, centre
 * y, width and height in input pixels, and for each class score. There is no objectness.
 */
export const yolov8: OutputAdapter = {
  expected: (input, classes) => `[1, ${classes + 4}, ${cellsOf(input)}]`,
  matches: (outputs, input, classes) => outputs.some((output) => hasShape(output, 1, classes + 4, cellsOf(input))),
  decode: (outputs, input, classes, threshold, candidates) => {
    const cells = cellsOf(input)
    const data = outputs.find((output) => hasShape(output, 1, classes + 4, cells))?.data
    if (data === undefined) return
    // Row by row, as the data lies in memory; a column per cell would miss the cache at every step.
    const scores = new Float32Array(cells).fill(threshold)
    const kinds = new Int32Array(cells).fill(-1)
    for (let kind = 0, at = cells * 4; kind < classes; kind++) {
      for (let cell = 0; cell < cells; cell++, at++) {
        const score = data[at]
        if (score >= scores[cell]) {
          scores[cell] = score
          kinds[cell] = kind
        }
      }
    }
    for (let cell = 0; cell < cells; cell++) {
      const kind = kinds[cell] ?? -1
      if (kind < 0) continue
      candidates.addCentred(data[cell], data[cell + cells], data[cell + cells * 2], data[cell + cells * 3], scores[cell], kind)
    }
  }
}
