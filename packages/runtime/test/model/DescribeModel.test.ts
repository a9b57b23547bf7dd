import { describe, expect, it } from "@effect/vitest"
import type { ModelAdapter } from "@vigil/core/Model"
import { notOnnx, wrongInput, wrongOutput } from "@vigil/fixtures/onnx/BrokenModels"
import { fixedNanodet, fixedYolov5, fixedYolov8, fixedYolox } from "@vigil/fixtures/onnx/FixedModels"
import { onnxGraph } from "@vigil/fixtures/onnx/OnnxGraph"
import { describeModel } from "@vigil/runtime/model/DescribeModel"
import { bytesField, concatBytes } from "@vigil/runtime/model/ProtoReader"
import { Effect } from "effect"
import { describeTiny, temporaryFolder } from "../material/Models.js"
import { noSamples, sample } from "../material/Samples.js"

/** Matches a text that has this in it. */
const containing = (text: string): unknown => expect.stringContaining(text)

const size = { width: 160, height: 96 }

const describeBytes = async (bytes: Uint8Array, name = "Some Model.onnx", known?: Parameters<typeof describeModel>[1]) => {
  const folder = await temporaryFolder()
  try {
    return await Effect.runPromise(Effect.either(describeModel(await folder.write(name, bytes), known)))
  } finally {
    await folder[Symbol.asyncDispose]()
  }
}

/** Ends a model with what Ultralytics writes into it. */
const withNames = (model: Uint8Array, names: string): Uint8Array =>
  concatBytes([model, bytesField(14, concatBytes([bytesField(1, Buffer.from("names")), bytesField(2, Buffer.from(names))]))])

describe("describeModel", () => {
  const families = { yolox: fixedYolox, yolov5: fixedYolov5, yolov8: fixedYolov8, nanodet: fixedNanodet }
  const channels: Record<ModelAdapter, string> = { yolox: "bgr", yolov5: "rgb", yolov8: "rgb", nanodet: "bgr" }
  for (const adapter of ["yolox", "yolov5", "yolov8", "nanodet"] as const) {
    for (const classes of [1, 3, 80]) {
      it(`recognises ${adapter} with ${classes} classes`, async () => {
        const bytes = families[adapter]({ size, classes, detections: [] })
        const result = await describeBytes(bytes)
        expect(result).toMatchObject({
          right: { id: "some-model", adapter, bytes: bytes.length, input: { size, layout: "nchw", channels: channels[adapter] } }
        })
        expect(result).toHaveProperty("right.labels.length", classes)
        expect(result).toHaveProperty("right.labels.0", classes === 80 ? "person" : "class-0")
      })
    }
  }

  it("takes the names of classes from the file", async () => {
    const model = fixedYolov8({ size, classes: 2, detections: [] })
    const result = await describeBytes(withNames(model, `{0: 'fork lift', 1: "driver's cab"}`))
    expect(result).toMatchObject({ right: { labels: ["fork lift", "driver's cab"] } })
  })

  it("recognises a model whose size is open", async () => {
    const graph = onnxGraph("open")
    const images = graph.input("images", ["batch", 3, "height", "width"])
    graph.output("output0", graph.node("Relu", [images]), ["batch", 84, "anchors"])
    const result = await describeBytes(graph.model())
    expect(result).toMatchObject({ right: { adapter: "yolov8", input: { size: { width: 640, height: 640 } } } })
  })

  it("prefers a known descriptor of the same file", async () => {
    const bytes = fixedYolox({ size, classes: 2, detections: [] })
    const known = describeTiny(bytes, size)
    expect(await describeBytes(bytes, "x.onnx", [known])).toMatchObject({ right: { title: known.title } })
  })

  it("says why it cannot", async () => {
    expect(await describeBytes(notOnnx)).toMatchObject({ left: { reason: "not-onnx" } })
    expect(await describeBytes(wrongInput())).toMatchObject({
      left: { reason: "shape", detail: containing("four dimensions") }
    })
    expect(await describeBytes(wrongOutput(size))).toMatchObject({
      left: { reason: "shape", detail: containing("no known family") }
    })
    const missing = await Effect.runPromise(Effect.either(describeModel("/nowhere/model.onnx")))
    expect(missing).toMatchObject({ left: { reason: "storage" } })
  })

  it("knows the models of the catalogue, and recognises their families without it", async ({ skip }) => {
    const yolox = sample("models/yolox_nano_416.onnx")
    const nanodet = sample("models/nanodet_m_320.onnx")
    skip(yolox === undefined || nanodet === undefined, noSamples)
    for (const [file, id, adapter] of [
      [yolox ?? "", "yolox-nano", "yolox"],
      [nanodet ?? "", "nanodet-m", "nanodet"]
    ] as const) {
      const {
        title: _,
        id: known,
        version: __,
        licence: ___,
        requirements: ____,
        thresholds: _____,
        ...same
      } = await Effect.runPromise(describeModel(file))
      expect(known).toBe(id)
      expect(await Effect.runPromise(describeModel(file, []))).toMatchObject({ ...same, adapter })
    }
  })
})
