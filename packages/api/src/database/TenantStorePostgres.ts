import type { SqlClient } from "@effect/sql/SqlClient"
import { TenantStore } from "@vigil/core/port/TenantStore"
import { Tenant } from "@vigil/core/Tenant"
import { Effect, Layer, Schema } from "effect"
import { Database } from "./Database.js"

interface TenantRow {
  readonly id: string
  readonly name: string
  readonly cameras: string
  readonly users: string
  readonly created_at: Date
}

const decodeTenant = Schema.decodeUnknown(Tenant)

/** All that the transaction's role may see. */
const list = (sql: SqlClient) =>
  sql<TenantRow>`select id, name, created_at,
      (select count(*) from cameras where tenant_id = tenants.id) as cameras,
      (select count(*) from users where tenant_id = tenants.id) as users
    from tenants order by lower(name), id`.pipe(
    Effect.flatMap(
      Effect.forEach(({ cameras, created_at, id, name, users }) =>
        decodeTenant({ id, name, cameras: Number(cameras), users: Number(users), createdAt: created_at.toISOString() })
      )
    )
  )

const make = Effect.map(Database, (database) =>
  TenantStore.of({
    all: database.system("list tenants", list),
    own: (tenant) => database.tenant("read tenant", tenant, list)
  })
)

export const layerTenantStorePostgres: Layer.Layer<TenantStore, never, Database> = Layer.effect(TenantStore, make)
