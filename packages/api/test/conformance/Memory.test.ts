import { layerCameraStoreMemory } from "@vigil/core/memory/CameraStoreMemory"
import { layerEventBusMemory } from "@vigil/core/memory/EventBusMemory"
import { layerEventStoreMemory } from "@vigil/core/memory/EventStoreMemory"
import { cameraStoreConformance } from "./CameraStoreConformance.js"
import { eventBusConformance } from "./EventBusConformance.js"
import { eventStoreConformance } from "./EventStoreConformance.js"

cameraStoreConformance("in memory", layerCameraStoreMemory)
eventStoreConformance("in memory", layerEventStoreMemory)
eventBusConformance("in memory", layerEventBusMemory, 1024)
