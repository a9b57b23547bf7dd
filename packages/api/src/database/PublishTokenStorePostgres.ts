import type { SqlClient } from "@effect/sql/SqlClient"
import { publishTokenMade, publishTokenRevoked } from "@vigil/core/AuditChanges"
import type { CameraId, TenantId } from "@vigil/core/Ids"
import { CameraNotFound } from "@vigil/core/port/CameraStore"
import { PublishTokenStore } from "@vigil/core/port/PublishTokenStore"
import { DateTime, Effect, Layer, Option } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"
import { isServed } from "./ServedTenants.js"

interface TokenRow {
  readonly camera_id: CameraId
  readonly tenant_id: TenantId
  readonly created_at: Date
}

/** Fails for a camera that the tenant has not. */
const lockCamera = (sql: SqlClient, cameraId: CameraId) =>
  Effect.flatMap(sql`select id from cameras where id = ${cameraId} for no key update`, ([row]) =>
    row === undefined ? new CameraNotFound({ cameraId }) : Effect.void
  )

const make = Effect.map(Database, (database) =>
  PublishTokenStore.of({
    set: (tenant, camera, tokenHash) =>
      database.tenant("make publish token", tenant, (sql) =>
        Effect.gen(function* () {
          yield* lockCamera(sql, camera)
          const at = DateTime.toDateUtc(yield* DateTime.now)
          yield* sql`insert into publish_tokens (camera_id, tenant_id, token_hash, created_at)
            values (${camera}, ${tenant}, ${tokenHash}, ${at})
            on conflict (camera_id) do update set token_hash = excluded.token_hash, created_at = excluded.created_at`
          yield* writeAudit(sql, tenant, publishTokenMade(camera))
        })
      ),

    remove: (tenant, camera) =>
      database.tenant("revoke publish token", tenant, (sql) =>
        Effect.gen(function* () {
          yield* lockCamera(sql, camera)
          const [row] = yield* sql`delete from publish_tokens where camera_id = ${camera} returning camera_id`
          if (row !== undefined) yield* writeAudit(sql, tenant, publishTokenRevoked(camera))
        })
      ),

    madeAt: (tenant, camera) =>
      database.tenant("look at publish token", tenant, (sql) =>
        Effect.map(sql<TokenRow>`select * from publish_tokens where camera_id = ${camera}`, ([row]) =>
          Option.map(Option.fromNullable(row), ({ created_at }) => DateTime.unsafeFromDate(created_at))
        )
      ),

    find: (tokenHash) =>
      database.system("find publish token", (sql) =>
        Effect.map(sql<TokenRow>`select * from publish_tokens where token_hash = ${tokenHash} and ${isServed(sql)}`, ([row]) =>
          Option.map(Option.fromNullable(row), ({ camera_id, tenant_id }) => ({ cameraId: camera_id, tenantId: tenant_id }))
        )
      )
  })
)

export const layerPublishTokenStorePostgres: Layer.Layer<PublishTokenStore, never, Database> = Layer.effect(
  PublishTokenStore,
  make
)
