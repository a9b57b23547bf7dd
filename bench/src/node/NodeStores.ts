import { layerPersistence } from "@vigil/api/Persistence"
import { layerCameraStoreMemory } from "@vigil/core/memory/CameraStoreMemory"
import { layerBusMemory } from "@vigil/core/memory/BusMemory"
import { layerEventStoreMemory } from "@vigil/core/memory/EventStoreMemory"
import { layerRuntimeTableMemory } from "@vigil/core/memory/RuntimeTableMemory"
import { layerSettingStoreMemory } from "@vigil/core/memory/SettingStoreMemory"
import { Layer } from "effect"
import { join } from "node:path"
import type { NodeSettings } from "./NodeProtocol.js"

/** Where cameras and events are kept: in the process, or in PostgreSQL (of the environment, else an embedded one in the folder). */
const layerMemory = layerRuntimeTableMemory.pipe(
  Layer.provideMerge(Layer.mergeAll(layerCameraStoreMemory, layerEventStoreMemory, layerSettingStoreMemory, layerBusMemory))
)
const layerPostgres = (folder: string) => Layer.merge(layerPersistence(join(folder, "data")), layerBusMemory)

type Kept = Layer.Layer.Success<typeof layerMemory>

export const layerStores = ({
  folder,
  store
}: NodeSettings): Layer.Layer<Kept, Layer.Layer.Error<ReturnType<typeof layerPostgres>>> =>
  store === "memory" ? layerMemory : layerPostgres(folder)
