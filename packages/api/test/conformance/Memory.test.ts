import { layerAuditStoreMemory } from "@vigil/core/memory/AuditStoreMemory"
import { layerCameraStoreMemory } from "@vigil/core/memory/CameraStoreMemory"
import { layerDiscoveryStoreMemory } from "@vigil/core/memory/DiscoveryStoreMemory"
import { layerEventStoreMemory } from "@vigil/core/memory/EventStoreMemory"
import { layerIdempotencyStoreMemory } from "@vigil/core/memory/IdempotencyStoreMemory"
import { layerModelStoreMemory } from "@vigil/core/memory/ModelStoreMemory"
import { layerStoresMemory } from "@vigil/core/memory/StoresMemory"
import { layerRuntimeTableMemory } from "@vigil/core/memory/RuntimeTableMemory"
import { Layer } from "effect"
import { layerPlacementStoreMemory } from "@vigil/core/memory/PlacementStoreMemory"
import { auditStoreConformance } from "./AuditStoreConformance.js"
import { cameraChangesConformance } from "./CameraChangesConformance.js"
import { cameraSecretsConformance } from "./CameraSecretsConformance.js"
import { cameraStoreConformance } from "./CameraStoreConformance.js"
import { discoveryStoreConformance } from "./DiscoveryStoreConformance.js"
import { eventStoreConformance } from "./EventStoreConformance.js"
import { idempotencyStoreConformance } from "./IdempotencyStoreConformance.js"
import { modelStoreConformance } from "./ModelStoreConformance.js"
import { outboxConformance } from "./OutboxConformance.js"
import { placementStoreConformance } from "./PlacementStoreConformance.js"
import { settingStoreConformance } from "./SettingStoreConformance.js"
import { runtimeTableConformance } from "./RuntimeTableConformance.js"

auditStoreConformance("in memory", layerAuditStoreMemory)
cameraStoreConformance("in memory", layerCameraStoreMemory)
cameraSecretsConformance("in memory", layerCameraStoreMemory)
cameraChangesConformance("in memory", layerCameraStoreMemory)
eventStoreConformance("in memory", layerEventStoreMemory)
runtimeTableConformance("in memory", layerRuntimeTableMemory.pipe(Layer.provideMerge(layerCameraStoreMemory)))
placementStoreConformance("in memory", Layer.merge(layerPlacementStoreMemory, layerCameraStoreMemory))
idempotencyStoreConformance("in memory", layerIdempotencyStoreMemory)
modelStoreConformance("in memory", layerModelStoreMemory)
outboxConformance("in memory", layerStoresMemory)
settingStoreConformance("in memory", layerStoresMemory)
discoveryStoreConformance("in memory", layerDiscoveryStoreMemory)
