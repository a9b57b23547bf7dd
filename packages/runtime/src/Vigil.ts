/**
 * Vigil within another program, as layers: cameras in, events out. `layerMemory` needs nothing but a folder for models; `layer` takes stores and a bus of the
 * program's own; `layerNode` makes the program one node of a cluster. See docs/embedding.md.
 *
 * @module
 */
import { layerBusMemory } from "@vigil/core/memory/BusMemory"
import { layerStoresMemory } from "@vigil/core/memory/StoresMemory"
import type { NodeCapacity, NodeName } from "@vigil/core/Node"
import * as OutboxRelay from "@vigil/core/OutboxRelay"
import type { SourceKind } from "@vigil/core/Source"
import { Layer } from "effect"
import { type KnownAnalytic, KnownAnalytics } from "./analytics/Analytics.js"
import * as JetStreamBus from "./bus/JetStreamBus.js"
import { ownGroup } from "./cluster/ClusterNode.js"
import * as EmbeddedCluster from "./cluster/EmbeddedCluster.js"
import * as NatsCluster from "./cluster/NatsCluster.js"
import * as MediaWorkersLive from "./media/MediaWorkersLive.js"
import * as ModelRepository from "./model/ModelRepository.js"
import { Nats } from "./nats/Nats.js"
import type { NatsSettings } from "./nats/NatsSettings.js"
import { capacityOfMachine, ThisNode } from "./placement/ThisNode.js"
import * as Runtime from "./Runtime.js"
import * as Sources from "./source/Sources.js"

export interface VigilOptions {
  /** Folder of the installed models; made when it is absent. */
  readonly models: string
  /** Kinds of sources besides those of Vigil, for schemes that begin with `x-`. */
  readonly sources?: ReadonlyArray<SourceKind>
  /** Analytics besides those of Vigil, each as `knownAnalytic` makes it. */
  readonly analytics?: ReadonlyArray<KnownAnalytic>
  /** The program's, as its nodes show it to others. */
  readonly version?: string
}

/** A node among others, and where they meet. */
export interface VigilNodeOptions extends VigilOptions {
  /** Unique in the cluster. */
  readonly name: NodeName
  readonly nats: NatsSettings
  /** What it may take on; by default 50 cameras for each core, and 85 % of the machine. */
  readonly capacity?: NodeCapacity
  /** What others may know of it, for example `{ site: "north" }`. */
  readonly labels?: Readonly<Record<string, string>>
}

/** Workers start with the first camera that needs them. */
const layerMedia = ({ models, sources = [] }: VigilOptions) =>
  Layer.merge(
    Sources.layerWith(sources).pipe(Layer.provideMerge(MediaWorkersLive.layerConfig)),
    ModelRepository.layer({ folder: models })
  )

const layerAnalytics = ({ analytics = [] }: VigilOptions) => KnownAnalytics.layerWith(analytics)

const versionOf = ({ version = "embedded" }: VigilOptions) => version

/**
 * One node alone, over the program's own `CameraStore`, `EventStore`, `SettingStore`, `Outbox`, `RuntimeTable` and `Bus`. Gives `CameraControl`, `ClusterControl`, `LiveViews`,
 * `Publications`, `AnalyticCatalogue` and `ModelCatalogue`.
 */
export const layer = (options: VigilOptions) =>
  Layer.merge(Runtime.layer(EmbeddedCluster.layer), OutboxRelay.layer).pipe(
    Layer.provide(ThisNode.layerAlone(versionOf(options))),
    Layer.provide(layerAnalytics(options)),
    Layer.provideMerge(layerMedia(options))
  )

/** One node alone that keeps everything within the process; what it knew ends with it. */
export const layerMemory = (options: VigilOptions) =>
  layer(options).pipe(Layer.provideMerge(Layer.merge(layerStoresMemory, layerBusMemory)))

/**
 * One node of a cluster over NATS, with the stores, locks and placements of the others: `layerNodePersistence` of `@vigil/api/Persistence`, or the
 * program's own `CameraStore`, `EventStore`, `SettingStore`, `Outbox`, `RuntimeTable`, `PlacementStore`, `RunnerStorage` and `NodeFence`.
 */
export const layerNode = (options: VigilNodeOptions) => {
  const { capacity = capacityOfMachine(), labels = {}, name, nats } = options
  const cluster = NatsCluster.layer({ name, weight: NatsCluster.weightOf(capacity) })
  return Layer.merge(Runtime.layerOfMany(cluster), OutboxRelay.layer).pipe(
    Layer.provide(ThisNode.layer({ version: versionOf(options), roles: ["camera"], labels, capacity })),
    Layer.provide(layerAnalytics(options)),
    Layer.provideMerge(Layer.merge(layerMedia(options), JetStreamBus.layer)),
    Layer.provideMerge(Nats.layer({ ...nats, name: `vigil ${name}` }))
  )
}

/** What `layerNodePersistence` has to know of a node: it is the same on all nodes. */
export const membership = (node: NodeName) => ({ node, ownGroup: ownGroup(node), forgetAfter: NatsCluster.forgetAfter })

export { giveAway } from "./placement/GiveAway.js"
