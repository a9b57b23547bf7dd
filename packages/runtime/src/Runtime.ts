import type { Sharding } from "@effect/cluster"
import { Layer } from "effect"
import * as Analytics from "./analytics/Analytics.js"
import { CameraActors } from "./camera/CameraActors.js"
import * as CameraControlLive from "./camera/CameraControlLive.js"
import * as CameraEntityLive from "./camera/CameraEntityLive.js"
import * as CameraMetrics from "./camera/CameraMetrics.js"
import * as Reconciler from "./camera/Reconciler.js"
import type { ClusterNode } from "./cluster/ClusterNode.js"
import * as LiveViewsLive from "./live/LiveViewsLive.js"
import * as PublicationsLive from "./source/whip/PublicationsLive.js"

/**
 * Runs cameras on this node: `EmbeddedCluster.layer` makes it the only one, `NatsCluster.layer` one of many. Needs the stores and the bus
 * (`CameraStore`, `EventStore`, `EventBus`), and what touches native code and files: `MediaWorkers`, `Sources` with its `WhipDoor`,
 * `ModelCatalogue`. Gives `CameraControl`, `LiveViews`, `Publications` and `AnalyticCatalogue` to the API.
 */
export const layer = <E, R>(cluster: Layer.Layer<Sharding.Sharding | ClusterNode, E, R>) =>
  Layer.mergeAll(
    Reconciler.layer.pipe(Layer.provide(CameraEntityLive.layer), Layer.provide(LiveViewsLive.layerConfig)),
    CameraControlLive.layer,
    CameraMetrics.layer,
    LiveViewsLive.layerConfig,
    PublicationsLive.layerConfig,
    Analytics.layer
  ).pipe(Layer.provideMerge(cluster), Layer.provide(CameraActors.layer))
