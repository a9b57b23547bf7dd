import type { ModelDescriptor } from "@vigil/core/Model"
import { nanodetM } from "./NanodetM.js"
import { yoloxNano } from "./YoloxNano.js"

/** The models that this program knows by itself, the preferred ones of each task first. */
export const descriptors: ReadonlyArray<ModelDescriptor> = [yoloxNano, nanodetM]
