import { workerTokenMade, workerTokenRevoked } from "@vigil/core/AuditChanges"
import type { CameraId, TenantId } from "@vigil/core/Ids"
import { CameraNotFound } from "@vigil/core/port/CameraStore"
import { WorkerTokenNotFound, WorkerTokenStore } from "@vigil/core/port/WorkerTokenStore"
import { type WorkerToken, WorkerTokenId } from "@vigil/core/WorkerToken"
import { DateTime, Effect, Layer, Option } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"
import { isServed } from "./ServedTenants.js"

interface TokenRow {
  readonly id: WorkerTokenId
  readonly tenant_id: TenantId
  readonly name: string
  readonly camera_id: CameraId | null
  readonly created_at: Date
}

const toToken = ({ camera_id, created_at, id, name }: TokenRow): WorkerToken => ({
  id,
  name,
  cameraId: camera_id,
  createdAt: DateTime.unsafeFromDate(created_at)
})

const make = Effect.map(Database, (database) =>
  WorkerTokenStore.of({
    list: (tenant) =>
      database.tenant("list worker tokens", tenant, (sql) =>
        Effect.map(sql<TokenRow>`select * from worker_tokens order by name, id`, (rows) => rows.map(toToken))
      ),

    create: (tenant, { cameraId, name }, tokenHash) =>
      database.tenant("make worker token", tenant, (sql) =>
        Effect.gen(function* () {
          if (cameraId !== undefined) {
            const [camera] = yield* sql`select id from cameras where id = ${cameraId} for key share`
            if (camera === undefined) return yield* new CameraNotFound({ cameraId })
          }
          const token: WorkerToken = {
            id: WorkerTokenId.make(crypto.randomUUID()),
            name,
            cameraId: cameraId ?? null,
            createdAt: yield* DateTime.now
          }
          yield* sql`insert into worker_tokens (id, token_hash, tenant_id, name, camera_id, created_at)
            values (${token.id}, ${tokenHash}, ${tenant}, ${name}, ${token.cameraId}, ${DateTime.toDateUtc(token.createdAt)})`
          yield* writeAudit(sql, tenant, workerTokenMade(token))
          return token
        })
      ),

    remove: (tenant, id) =>
      database.tenant("revoke worker token", tenant, (sql) =>
        Effect.gen(function* () {
          const [row] = yield* sql<TokenRow>`delete from worker_tokens where id = ${id} returning *`
          if (row === undefined) return yield* new WorkerTokenNotFound({ id })
          yield* writeAudit(sql, tenant, workerTokenRevoked(toToken(row)))
        })
      ),

    find: (tokenHash) =>
      database.system("find worker token", (sql) =>
        Effect.map(
          sql<
            Pick<TokenRow, "tenant_id" | "camera_id">
          >`select tenant_id, camera_id from worker_tokens where token_hash = ${tokenHash} and ${isServed(sql)}`,
          ([row]) =>
            Option.map(Option.fromNullable(row), ({ camera_id, tenant_id }) => ({ tenantId: tenant_id, cameraId: camera_id }))
        )
      )
  })
)

export const layerWorkerTokenStorePostgres: Layer.Layer<WorkerTokenStore, never, Database> = Layer.effect(WorkerTokenStore, make)
