import { Layer } from "effect"
import { layerEmbeddedStores } from "../EmbeddedDatabase.js"
import { secondTenant } from "../Samples.js"
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

const stores = Layer.effectDiscard(secondTenant).pipe(Layer.provideMerge(layerEmbeddedStores))

auditStoreConformance("PostgreSQL", stores)
cameraStoreConformance("PostgreSQL", stores)
cameraSecretsConformance("PostgreSQL", stores)
cameraChangesConformance("PostgreSQL", stores)
eventStoreConformance("PostgreSQL", stores)
runtimeTableConformance("PostgreSQL", stores)
placementStoreConformance("PostgreSQL", stores)
idempotencyStoreConformance("PostgreSQL", stores)
modelStoreConformance("PostgreSQL", stores)
outboxConformance("PostgreSQL", stores)
settingStoreConformance("PostgreSQL", stores)
discoveryStoreConformance("PostgreSQL", stores)
