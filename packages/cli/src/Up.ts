import { layerPersistence } from "@vigil/api/Persistence"
import { layerServer } from "@vigil/api/Server"
import { ProcessMetrics } from "@vigil/api/telemetry/ProcessMetrics"
import { layerServerConfig } from "@vigil/api/ServerConfig"
import * as OutboxRelay from "@vigil/core/OutboxRelay"
import * as DiskBus from "@vigil/runtime/bus/DiskBus"
import * as EmbeddedCluster from "@vigil/runtime/cluster/EmbeddedCluster"
import * as ModelInspectorLive from "@vigil/runtime/model/ModelInspectorLive"
import * as NetworkScannerLive from "@vigil/runtime/discovery/NetworkScannerLive"
import * as ModelRepository from "@vigil/runtime/model/ModelRepository"
import * as Runtime from "@vigil/runtime/Runtime"
import { ThisNode } from "@vigil/runtime/placement/ThisNode"
import { Layer } from "effect"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Health from "./Health.js"
import * as Media from "./Media.js"
import * as OperatorFile from "./operator/OperatorFile.js"
import { version } from "./Version.js"

const webFolder = fileURLToPath(new URL("../../ui/dist", import.meta.url))

/** What is kept in a data folder: the database and the models. */
export const layerStorage = (dataFolder: string) =>
  Layer.merge(ModelRepository.layer({ folder: join(dataFolder, "models") }), layerPersistence(dataFolder))

/** The bus in the data folder, and what the database has for it. */
const layerBus = (dataFolder: string) => OutboxRelay.layer.pipe(Layer.provideMerge(DiskBus.layer(join(dataFolder, "bus"))))

/**
 * The server, and what it works on:
 *
 * ```
 * server (HTTP, RPC, page)  <- health <- runtime (cameras, live views) <- media, bus, storage (PostgreSQL, models)
 * ```
 */
export const layerServed =
  (dataFolder: string) =>
  <A, E, R>(runtime: Layer.Layer<A, E, R>) =>
    OperatorFile.layer(dataFolder).pipe(
      Layer.provideMerge(layerServer({ webFolder })),
      Layer.provide(ProcessMetrics.layer),
      Layer.provide(ModelInspectorLive.layerConfig),
      Layer.provideMerge(Health.layer(dataFolder)),
      Layer.provideMerge(runtime),
      Layer.provide(Layer.merge(layerServerConfig, NetworkScannerLive.layer))
    )

/** The cameras of one node that is alone, and what they need. */
export const layerAlone = (dataFolder: string) =>
  Runtime.layer(EmbeddedCluster.layer).pipe(
    Layer.provide(ThisNode.layerAlone(version)),
    Layer.provideMerge(Layer.merge(Media.layer, layerBus(dataFolder)))
  )

/**
 * One node with everything in it, and its data in one folder. This, `Edge.ts`, and `Node.ts`, for one node of many, are the places that say which
 * implementation fills which port.
 */
export const layerNode = (dataFolder: string) => layerAlone(dataFolder).pipe(layerServed(dataFolder))

export const layer = (dataFolder: string) => layerNode(dataFolder).pipe(Layer.provideMerge(layerStorage(dataFolder)))
