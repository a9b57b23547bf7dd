import type { ConnectionOptions } from "@vigil/api/database/Connection"
import { layerNodePersistence } from "@vigil/api/Persistence"
import { layerWorkerHandlers } from "@vigil/api/worker/WorkerHandlers"
import type { NodeCapacity, NodeName, NodeRole } from "@vigil/core/Node"
import * as OutboxRelay from "@vigil/core/OutboxRelay"
import * as JetStreamBus from "@vigil/runtime/bus/JetStreamBus"
import * as NatsCluster from "@vigil/runtime/cluster/NatsCluster"
import * as WorkerRpcNats from "@vigil/runtime/jobs/WorkerRpcNats"
import * as ModelRepository from "@vigil/runtime/model/ModelRepository"
import { Nats } from "@vigil/runtime/nats/Nats"
import type { NatsSettings } from "@vigil/runtime/nats/NatsSettings"
import * as Runtime from "@vigil/runtime/Runtime"
import { ThisNode } from "@vigil/runtime/placement/ThisNode"
import { membership } from "@vigil/runtime/Vigil"
import { Layer } from "effect"
import { join } from "node:path"
import * as Media from "./Media.js"
import * as Up from "./Up.js"
import { version } from "./Version.js"

/** One node of many: who it is, and where the others meet. */
export interface NodeForm {
  readonly name: NodeName
  readonly roles: ReadonlyArray<NodeRole>
  readonly capacity: NodeCapacity
  readonly labels: Readonly<Record<string, string>>
  readonly nats: NatsSettings
  readonly database: ConnectionOptions
  readonly dataFolder: string
}

const layerStorage = ({ database, dataFolder, name, nats }: NodeForm) =>
  Layer.merge(
    ModelRepository.layer({ folder: join(dataFolder, "models") }),
    layerNodePersistence({ connection: database, cluster: nats.cluster, dataFolder, ...membership(name) })
  )

/** With the role `camera` it takes its part of the cameras; without, it only asks those that do. */
const layerCluster = ({ capacity, name, roles }: NodeForm) =>
  roles.includes("camera")
    ? NatsCluster.layer({ name, weight: NatsCluster.weightOf(capacity) })
    : NatsCluster.layerClient({ name })

/** The cluster's bus, and what the database has for it. */
const layerBus = OutboxRelay.layer.pipe(Layer.provideMerge(JetStreamBus.layer))

/** Up to what every node has: cameras, where it takes some, and what they need. */
const layerRuntime = (form: NodeForm) =>
  Layer.provideMerge(WorkerRpcNats.layerServer, Runtime.layerOfMany(layerCluster(form))).pipe(
    Layer.provide(layerWorkerHandlers),
    Layer.provide(ThisNode.layer({ version, roles: form.roles, labels: form.labels, capacity: form.capacity })),
    Layer.provideMerge(Layer.merge(Media.layer, layerBus))
  )

const layerShared = (form: NodeForm) => Layer.merge(layerStorage(form), Nats.layer({ ...form.nats, name: `vigil ${form.name}` }))

/** A node that also serves people and programs: the same server as that of `vigil up`. */
export const layerServing = (form: NodeForm) =>
  layerRuntime(form).pipe(Up.layerServed(form.dataFolder), Layer.provideMerge(layerShared(form)))

/** A node for cameras alone: nothing listens. */
export const layerSilent = (form: NodeForm) => layerRuntime(form).pipe(Layer.provideMerge(layerShared(form)))
