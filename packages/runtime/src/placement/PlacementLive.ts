import { layerPlacementStoreMemory } from "@vigil/core/memory/PlacementStoreMemory"
import { Layer } from "effect"
import { CameraPlacement } from "./CameraPlacement.js"
import * as ClusterControlLive from "./ClusterControlLive.js"
import { HostedCameras } from "./HostedCameras.js"
import { NodeMonitor } from "./NodeMonitor.js"
import { NodeRegistry } from "./NodeRegistry.js"
import * as NodeRpcNats from "./NodeRpcNats.js"
import { NodeSteering } from "./NodeSteering.js"

const layerKnown = Layer.mergeAll(CameraPlacement.layer, HostedCameras.layer, NodeMonitor.layer)

/** One node alone, which has nobody to give cameras to: what it refuses is known as long as it runs. */
export const layerAlone = ClusterControlLive.layerAlone.pipe(
  Layer.provideMerge(NodeSteering.layer),
  Layer.provideMerge(NodeRegistry.layerAlone),
  Layer.provideMerge(layerKnown),
  Layer.provideMerge(layerPlacementStoreMemory)
)

/** One node of many, that know of each other over NATS and of where cameras are placed by `PlacementStore`. */
export const layerNats = Layer.merge(ClusterControlLive.layerNats, NodeRpcNats.layerServer).pipe(
  Layer.provideMerge(NodeSteering.layer),
  Layer.provideMerge(NodeRegistry.layerNats),
  Layer.provideMerge(layerKnown)
)
