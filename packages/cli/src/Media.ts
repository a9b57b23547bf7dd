import * as MediaWorkersLive from "@vigil/runtime/media/MediaWorkersLive"
import * as Sources from "@vigil/runtime/source/Sources"
import { Layer } from "effect"

/** What touches cameras, files and native code: sources, and the media worker processes, which start only when they are needed. */
export const layer = Sources.layer.pipe(Layer.provideMerge(MediaWorkersLive.layerConfig))
