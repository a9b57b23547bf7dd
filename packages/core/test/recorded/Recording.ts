import { readFileSync } from "node:fs"
import type { Detection } from "@vigil/core/Detection"
import type { Size } from "@vigil/core/geometry/BoundingBox"
import { Schema } from "effect"

const { Array: List, Number: Num, parseJson, String: Text, Struct, Tuple } = Schema

const readHead = Schema.decodeUnknownSync(
  parseJson(Struct({ framesPerSecond: Num, width: Num, height: Num, labels: List(Text) }))
)
const readFrame = Schema.decodeUnknownSync(parseJson(List(Tuple(Num, Num, Num, Num, Num, Num))))

export interface Recording {
  readonly framesPerSecond: number
  readonly size: Size
  readonly frames: ReadonlyArray<ReadonlyArray<Detection>>
}

/** Detections that a model really made on a video, frame by frame; the file's first line says which. */
export const readRecording = (name: string): Recording => {
  const [head, ...lines] = readFileSync(new URL(`./${name}.jsonl`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n")
  const { framesPerSecond, height, labels, width } = readHead(head)
  const frames = lines.map((line) =>
    readFrame(line).map(([label, percent, x, y, w, h]) => ({
      label: labels[label] ?? "unknown",
      confidence: percent / 100,
      box: { x, y, width: w, height: h }
    }))
  )
  return { framesPerSecond, size: { width, height }, frames }
}
