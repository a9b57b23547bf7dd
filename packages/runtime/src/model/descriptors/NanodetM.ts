import { ModelId } from "@vigil/core/Ids"
import { ModelDescriptor } from "@vigil/core/Model"
import { cocoLabels } from "../CocoLabels.js"

/** NanoDet-m of RangiLyu (github.com/RangiLyu/nanodet), trained on COCO at 320x320. Without a url: the project publishes no ONNX file of this checksum. */
export const nanodetM = new ModelDescriptor({
  id: ModelId.make("nanodet-m"),
  version: "0.3.0",
  title: "NanoDet-m, 80 everyday objects",
  task: "objects",
  licence: "Apache-2.0",
  priority: "STANDARD",
  requirements: { minHeight: 240, minBitrate: 0, minDuration: 0, overlap: 0 },
  input: {
    name: "input.1",
    size: { width: 320, height: 320 },
    layout: "nchw",
    element: "float32",
    channels: "bgr",
    mean: [103.53, 116.28, 123.675],
    scale: [57.375, 57.12, 58.395],
    fit: "letterbox-centre",
    padding: 0
  },
  adapter: "nanodet",
  labels: cocoLabels,
  thresholds: { confidence: 0.4, overlap: 0.5 },
  sha256: "88e9fb97a54bb0030127ad323a10f88b4531b6aa82617e7ef79e35ffcc9bb3e1",
  bytes: 3_802_801
})
