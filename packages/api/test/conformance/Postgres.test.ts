import { Database } from "@vigil/api/database/Database"
import { Effect, Layer } from "effect"
import { layerEmbeddedStores } from "../EmbeddedDatabase.js"
import { otherTenant } from "../Samples.js"
import { cameraStoreConformance } from "./CameraStoreConformance.js"
import { eventStoreConformance } from "./EventStoreConformance.js"

const secondTenant = Layer.effectDiscard(
  Effect.flatMap(Database, (database) =>
    database.system("add tenant", (sql) => sql`insert into tenants (id, name) values (${otherTenant}, 'second')`)
  )
)

const stores = secondTenant.pipe(Layer.provideMerge(layerEmbeddedStores))

cameraStoreConformance("PostgreSQL", stores)
eventStoreConformance("PostgreSQL", stores)
