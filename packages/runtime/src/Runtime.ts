import type { Sharding } from "@effect/cluster"
import type { CameraControl } from "@vigil/core/port/CameraControl"
import type { LiveViews } from "@vigil/core/port/LiveViews"
import type { Publications } from "@vigil/core/port/Publications"
import { CameraRuns } from "@vigil/core/settings/CameraRuns"
import { Settings } from "@vigil/core/settings/Settings"
import { Layer } from "effect"
import * as Analytics from "./analytics/Analytics.js"
import { CameraActors } from "./camera/CameraActors.js"
import * as CameraControlLive from "./camera/CameraControlLive.js"
import * as CameraEntityLive from "./camera/CameraEntityLive.js"
import * as CameraMetrics from "./camera/CameraMetrics.js"
import * as FollowModels from "./camera/FollowModels.js"
import * as FollowSettings from "./camera/FollowSettings.js"
import * as Reconciler from "./camera/Reconciler.js"
import type { ClusterNode } from "./cluster/ClusterNode.js"
import * as CameraControlCluster from "./control/CameraControlCluster.js"
import * as CameraRpcNats from "./control/CameraRpcNats.js"
import { CameraStatuses } from "./control/CameraStatuses.js"
import * as LiveViewsCluster from "./control/LiveViewsCluster.js"
import { OverlayRelay } from "./control/OverlayRelay.js"
import * as JobsOfCluster from "./jobs/JobsOfCluster.js"
import * as LiveViewsLive from "./live/LiveViewsLive.js"
import * as CameraManagerLive from "./manager/CameraManagerLive.js"
import * as ModelLibraryLive from "./model/ModelLibraryLive.js"
import * as PlacementLive from "./placement/PlacementLive.js"
import * as PublicationsCluster from "./source/whip/PublicationsCluster.js"
import * as PublicationsLive from "./source/whip/PublicationsLive.js"

const own = Layer.mergeAll(CameraControlLive.layer, LiveViewsLive.layerConfig, PublicationsLive.layerConfig)

/** Control of the cameras of all nodes. */
const everywhere = Layer.mergeAll(CameraControlCluster.layer, LiveViewsCluster.layer, PublicationsCluster.layer).pipe(
  Layer.provide(own),
  Layer.provideMerge(Layer.merge(CameraStatuses.layer, OverlayRelay.layer))
)

const layerWith = <A extends CameraControl | LiveViews | Publications, EC, RC, P, EP, RP, E, R>(
  control: Layer.Layer<A, EC, RC>,
  placement: Layer.Layer<P, EP, RP>,
  cluster: Layer.Layer<Sharding.Sharding | ClusterNode, E, R>
) =>
  Layer.mergeAll(
    Reconciler.layer.pipe(
      Layer.provide(CameraEntityLive.layer),
      Layer.provide(Layer.merge(LiveViewsLive.layerConfig, PublicationsLive.layerConfig))
    ),
    control,
    CameraMetrics.layer,
    CameraManagerLive.layer,
    FollowModels.layer,
    FollowSettings.layer,
    Analytics.layer
  ).pipe(
    Layer.provideMerge(Layer.merge(Layer.provideMerge(CameraRuns.layer, Settings.layer), ModelLibraryLive.layer)),
    Layer.provideMerge(placement),
    Layer.provideMerge(cluster),
    Layer.provide(CameraActors.layer)
  )

/**
 * Runs cameras on this node alone, with `EmbeddedCluster.layer`. Needs the stores and the bus
 * (`CameraStore`, `EventStore`, `SettingStore`, `RuntimeTable`, `Bus`), and what touches native code and files: `MediaWorkers`, `Sources` with its `WhipDoor`,
 * `ModelCatalogue`. Gives `CameraControl`, `ClusterControl`, `LiveViews`, `Publications`, `AnalyticCatalogue`, `ModelLibrary`, `Settings` and `CameraRuns` to the API.
 */
export const layer = <E, R>(cluster: Layer.Layer<Sharding.Sharding | ClusterNode, E, R>) =>
  layerWith(own, PlacementLive.layerAlone, cluster)

/**
 * Runs this node's part of the cameras of a cluster, `NatsCluster.layer`, controls those of all its nodes, and takes the calls of `CameraRpc` over NATS.
 * Gives `VideoJobQueue` and `VideoJobResults` to its cameras. Needs `Nats` and `PlacementStore` besides; `ThisNode` says what the node may take on.
 */
export const layerOfMany = <E, R>(cluster: Layer.Layer<Sharding.Sharding | ClusterNode, E, R>) =>
  Layer.provideMerge(CameraRpcNats.layerServer, layerWith(everywhere, PlacementLive.layerNats, cluster)).pipe(
    Layer.provideMerge(JobsOfCluster.layerMeasured)
  )
