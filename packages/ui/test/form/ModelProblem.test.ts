import { describe, expect, it } from "@effect/vitest"
import { ModelId } from "@vigil/core/Ids"
import { ModelDescriptor } from "@vigil/core/Model"
import { emptyStatistics } from "@vigil/core/Source"
import { wallTime } from "@vigil/core/Time"
import { modelProblem } from "../../src/form/ModelProblem.js"

const entry = {
  descriptor: ModelDescriptor.make({
    id: ModelId.make("forklifts"),
    version: "1",
    title: "Forklifts",
    task: "objects",
    licence: "LicenseRef-own",
    priority: "STANDARD",
    requirements: { minHeight: 720, minBitrate: 1_000_000, minDuration: 3, overlap: 1 },
    input: {
      name: "images",
      size: { width: 64, height: 64 },
      layout: "nchw",
      element: "float32",
      channels: "rgb",
      mean: [0, 0, 0],
      scale: [1, 1, 1],
      fit: "stretch",
      padding: 0
    },
    adapter: "yolov8",
    labels: ["forklift"],
    thresholds: { confidence: 0.3, overlap: 0.45 },
    sha256: "0".repeat(64),
    bytes: 1
  }),
  installed: true
}

const draft = { segmentDuration: "5", segmentOverlap: "1" } as const

const streaming = (height: number, bitrate: number) => ({
  state: { _tag: "Streaming" as const, since: wallTime(0) },
  description: { protocol: "RTSP/TCP", tracks: [{ kind: "video" as const, codec: "h264" as const, height, parameterSets: [] }] },
  source: { ...emptyStatistics, bitrate }
})

describe("the problem of a model", () => {
  it("is what the camera's segments and stream do not give it", () => {
    expect(modelProblem(entry, draft, streaming(1080, 2_000_000))).toBeUndefined()
    expect(modelProblem(entry, draft, streaming(480, 2_000_000))).toBe("needs a picture of 720 lines, and this one has 480")
    expect(modelProblem(entry, { ...draft, segmentOverlap: "0" }, undefined)).toMatch(/overlap by 1 s/)
  })

  it("is none where nothing is known, or nothing was typed yet", () => {
    expect(modelProblem(entry, draft, undefined)).toBeUndefined()
    expect(modelProblem(entry, { ...draft, segmentDuration: "" }, undefined)).toBeUndefined()
    expect(modelProblem(entry, draft, { ...streaming(1080, 1), state: { _tag: "Disabled", since: wallTime(0) } })).toBeUndefined()
  })
})
