import { Layer } from "effect"
import * as Telemetry from "../Telemetry.js"
import * as Up from "../Up.js"
import { pauseCameras } from "./DemoCameras.js"

/** A node on the demonstration's own folder; its cameras wait until there is a simulator for them. */
export const layer = (folder: string) =>
  Up.layerNode(folder).pipe(
    Layer.provide(Layer.effectDiscard(pauseCameras)),
    Layer.provideMerge(Up.layerStorage(folder)),
    Layer.provideMerge(Telemetry.layer)
  )
