import { layerBusMemory } from "@vigil/core/memory/BusMemory"
import { layerStoresMemory } from "@vigil/core/memory/StoresMemory"
import { knownAnalytic } from "@vigil/runtime/analytics/Analytics"
import * as Vigil from "@vigil/runtime/Vigil"
import { Layer } from "effect"
import { join } from "node:path"
import { Crowd } from "./Crowd.js"
import { layerLineEventStore } from "./LineEventStore.js"
import { snapshotSource } from "./SnapshotSource.js"

/** A node whose events are lines of a file, with a source and an analytic of our own; all else is kept in memory. */
export const layerOwn = (folder: string) =>
  Vigil.layer({ models: join(folder, "models"), sources: [snapshotSource], analytics: [knownAnalytic(Crowd)] }).pipe(
    Layer.provideMerge(layerLineEventStore(join(folder, "events.jsonl"))),
    Layer.provideMerge(Layer.merge(layerStoresMemory, layerBusMemory))
  )
