import { ModelId } from "@vigil/core/Ids"
import { ModelDescriptor } from "@vigil/core/Model"
import { cocoLabels } from "../CocoLabels.js"

/**
 * YOLOX-nano of Megvii (arXiv:2107.08430, github.com/Megvii-BaseDetection/YOLOX, release 0.1.1rc0, `yolox_nano.onnx`), trained on COCO at
 * 416x416. Without a url: the checksum is that of a copy which has not been compared with the release's own file.
 */
export const yoloxNano = new ModelDescriptor({
  id: ModelId.make("yolox-nano"),
  version: "0.1.1",
  title: "YOLOX-nano, 80 everyday objects",
  task: "objects",
  licence: "Apache-2.0",
  priority: "STANDARD",
  requirements: { minHeight: 240, minBitrate: 0, minDuration: 0, overlap: 0 },
  input: {
    name: "images",
    size: { width: 416, height: 416 },
    layout: "nchw",
    element: "float32",
    channels: "bgr",
    mean: [0, 0, 0],
    scale: [1, 1, 1],
    fit: "letterbox-top-left",
    padding: 114
  },
  adapter: "yolox",
  labels: cocoLabels,
  thresholds: { confidence: 0.3, overlap: 0.45 },
  sha256: "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",
  bytes: 3_660_092
})
