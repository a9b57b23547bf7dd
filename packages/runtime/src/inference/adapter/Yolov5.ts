import type { Size } from "@vigil/core/geometry/BoundingBox"
import { cellsOf, hasShape, type OutputAdapter, type OutputShape } from "./OutputAdapter.js"
import { bestClass } from "./Yolox.js"

/**
 * YOLOv5 and v7 style heads, decoded in the graph: one output [1, anchors, 5 + classes] of centre and size in input pixels, objectness
 * and class scores. Three anchors a cell, or one where an anchor-free model was exported with its decoding.
 */
export const yolov5: OutputAdapter = {
  expected: (input, classes) => `[1, ${cellsOf(input) * 3} or ${cellsOf(input)}, ${classes + 5}]`,
  matches: (outputs, input, classes) => find(outputs, input, classes) !== undefined,
  decode: (outputs, input, classes, threshold, candidates) => {
    const data = find(outputs, input, classes)?.data
    if (data === undefined) return
    for (let at = 0; at < data.length; at += classes + 5) {
      const objectness = data[at + 4]
      if (!(objectness >= threshold)) continue
      const kind = bestClass(data, at + 5, classes)
      const score = objectness * data[at + 5 + kind]
      if (!(score >= threshold)) continue
      candidates.addCentred(data[at], data[at + 1], data[at + 2], data[at + 3], score, kind)
    }
  }
}

const find = <O extends OutputShape>(outputs: ReadonlyArray<O>, input: Size, classes: number): O | undefined => {
  const cells = cellsOf(input)
  return outputs.find((output) => hasShape(output, 1, cells * 3, classes + 5) || hasShape(output, 1, cells, classes + 5))
}
