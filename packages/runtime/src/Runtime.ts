import { Layer } from "effect"
import * as Analytics from "./analytics/Analytics.js"
import { CameraActors } from "./camera/CameraActors.js"
import * as CameraControlLive from "./camera/CameraControlLive.js"
import * as CameraEntityLive from "./camera/CameraEntityLive.js"
import * as CameraMetrics from "./camera/CameraMetrics.js"
import * as Reconciler from "./camera/Reconciler.js"
import * as EmbeddedCluster from "./cluster/EmbeddedCluster.js"
import * as LiveViewsLive from "./live/LiveViewsLive.js"

/**
 * Runs cameras on this node alone. Needs the stores and the bus (`CameraStore`, `EventStore`, `EventBus`), and what touches native code and files:
 * `MediaWorkers`, `Sources`, `ModelCatalogue`. Gives `CameraControl`, `LiveViews` and `AnalyticCatalogue` to the API.
 */
export const layer = Layer.mergeAll(
  Reconciler.layer.pipe(Layer.provide(CameraEntityLive.layer), Layer.provide(EmbeddedCluster.layer)),
  CameraControlLive.layer,
  CameraMetrics.layer,
  LiveViewsLive.layerConfig,
  Analytics.layer
).pipe(Layer.provide(CameraActors.layer))
