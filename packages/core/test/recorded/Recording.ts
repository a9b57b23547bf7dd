import { readFileSync } from "node:fs"
import type { Detection } from "@vigil/core/Detection"
import type { Size } from "@vigil/core/geometry/BoundingBox"

interface Head {
  readonly framesPerSecond: number
  readonly width: number
  readonly height: number
  readonly labels: ReadonlyArray<string>
}

export interface Recording {
  readonly framesPerSecond: number
  readonly size: Size
  readonly frames: ReadonlyArray<ReadonlyArray<Detection>>
}

/** Detections that a model really made on a video, frame by frame; the file's first line says which. */
export const readRecording = (name: string): Recording => {
  const [head = "", ...lines] = readFileSync(new URL(`./${name}.jsonl`, import.meta.url), "utf8").trimEnd().split("\n")
  const { framesPerSecond, height, labels, width }: Head = JSON.parse(head)
  const frames = lines.map((line) => {
    const numbers: ReadonlyArray<readonly [number, number, number, number, number, number]> = JSON.parse(line)
    return numbers.map(([label, percent, x, y, w, h]): Detection => ({
      label: labels[label] ?? "unknown",
      confidence: percent / 100,
      box: { x, y, width: w, height: h }
    }))
  })
  return { framesPerSecond, size: { width, height }, frames }
}
