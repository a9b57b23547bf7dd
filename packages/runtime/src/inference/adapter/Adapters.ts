import type { ModelAdapter } from "@vigil/core/Model"
import { nanodet } from "./Nanodet.js"
import type { OutputAdapter } from "./OutputAdapter.js"
import { yolov5 } from "./Yolov5.js"
import { yolov8 } from "./Yolov8.js"
import { yolox } from "./Yolox.js"

/** Every family of models that can be read. */
export const adapters: Record<ModelAdapter, OutputAdapter> = { yolox, yolov5, yolov8, nanodet }
