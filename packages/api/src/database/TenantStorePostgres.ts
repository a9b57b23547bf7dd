import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { tenantCreated, tenantRemoved, tenantUpdated } from "@vigil/core/TenantChanges"
import { defaultTenant, TenantId } from "@vigil/core/Ids"
import { standingOf } from "@vigil/core/Licence"
import { TenantNotFound, TenantRefused, TenantStore } from "@vigil/core/port/TenantStore"
import { Tenant } from "@vigil/core/Tenant"
import { DateTime, Effect, Layer } from "effect"
import { tellCamerasChanged } from "./CameraRow.js"
import { isDuplicate } from "./Connection.js"
import { Database } from "./Database.js"
import { tellEdgesChanged } from "./EdgeStorePostgres.js"
import { findForeign } from "./ForeignRows.js"
import { writeInstallationAudit } from "./InstallationAudit.js"
import { type LicenceRow, toLicence, writeLicence } from "./LicencesPostgres.js"
import { purgeStep } from "./TenantPurge.js"
import { insertUser } from "./UserStorePostgres.js"

interface TenantRow extends LicenceRow {
  readonly id: TenantId
  readonly name: string
  readonly all_cameras: string
  readonly enabled_cameras: string
  readonly users: string
  readonly suspended: boolean
  readonly created_at: Date
}

const toTenant = (row: TenantRow) =>
  Effect.gen(function* () {
    const { status } = standingOf(yield* toLicence(row), Number(row.enabled_cameras), yield* DateTime.now)
    return Tenant.make({
      id: row.id,
      name: row.name,
      cameras: Number(row.all_cameras),
      users: Number(row.users),
      suspended: row.suspended,
      licence: status,
      createdAt: DateTime.unsafeMake(row.created_at)
    })
  })

/** All that the transaction's role may see. */
const list = (sql: SqlClient) =>
  Effect.flatMap(
    sql<TenantRow>`select t.id, t.name, t.created_at, t.suspended_at is not null as suspended,
      (select count(*) from cameras where tenant_id = t.id) as all_cameras,
      (select count(*) from cameras where tenant_id = t.id and (configuration ->> 'enabled')::boolean) as enabled_cameras,
      (select count(*) from users where tenant_id = t.id) as users,
      l.cameras, l.valid_from, l.valid_until, l.models
    from tenants t left join licences l on l.tenant_id = t.id
    where t.removed_at is null order by lower(t.name), t.id`,
    Effect.forEach(toTenant)
  )

const one = (sql: SqlClient, tenant: TenantId) =>
  Effect.flatMap(list(sql), (all) =>
    Effect.mapError(Effect.fromNullable(all.find(({ id }) => id === tenant)), () => new TenantNotFound({ tenantId: tenant }))
  )

/** Held until the transaction ends. */
const lock = (sql: SqlClient, tenant: TenantId) =>
  Effect.zipRight(sql`select from tenants where id = ${tenant} for no key update`, one(sql, tenant))

const orNameTaken =
  (name: string) =>
  <A>(write: Effect.Effect<A, SqlError>) =>
    Effect.catchIf(
      write,
      isDuplicate,
      () => new TenantRefused({ reason: "name-taken", detail: `there is a tenant named ${name} already` })
    )

const notOwn = (tenant: TenantId) =>
  tenant === defaultTenant
    ? Effect.fail(
        new TenantRefused({ reason: "own", detail: "the installation's own tenant can be neither suspended nor removed" })
      )
    : Effect.void

const make = Effect.map(Database, (database) =>
  TenantStore.of({
    all: database.system("list tenants", list),

    own: (tenant) => database.tenant("read tenant", tenant, list),

    create: ({ administrator, licence, name }) =>
      database.system("add tenant", (sql) =>
        Effect.gen(function* () {
          const id = TenantId.make(crypto.randomUUID())
          const createdAt = DateTime.toDateUtc(yield* DateTime.now)
          yield* sql`insert into tenants ${sql.insert({ id, name, created_at: createdAt })}`.pipe(orNameTaken(name))
          yield* writeLicence(sql, id, licence)
          const user = yield* insertUser(sql, id, { ...administrator, role: "admin" })
          yield* writeInstallationAudit(sql, id, tenantCreated(id, name, licence, user))
          // Written above, in this transaction.
          return yield* Effect.catchTag(one(sql, id), "TenantNotFound", Effect.die)
        })
      ),

    change: (tenant, patch) =>
      database.system("change tenant", (sql) =>
        Effect.gen(function* () {
          const before = yield* lock(sql, tenant)
          const { name = before.name, suspended = before.suspended } = patch
          if (suspended) yield* notOwn(tenant)
          if (name === before.name && suspended === before.suspended) return before
          yield* sql`update tenants set name = ${name},
            suspended_at = case when ${suspended}::boolean then coalesce(suspended_at, now()) end where id = ${tenant}`.pipe(
            orNameTaken(name)
          )
          if (suspended !== before.suspended) yield* Effect.zipRight(tellCamerasChanged(sql), tellEdgesChanged(sql))
          const after = yield* one(sql, tenant)
          yield* writeInstallationAudit(sql, tenant, tenantUpdated(before, after))
          return after
        })
      ),

    remove: (tenant) =>
      database.system("remove tenant", (sql) =>
        Effect.gen(function* () {
          const before = yield* lock(sql, tenant)
          yield* notOwn(tenant)
          if (!before.suspended)
            return yield* new TenantRefused({
              reason: "active",
              detail: `${before.name} is in use: suspend it first, which stops its cameras and lets nobody in`
            })
          yield* writeInstallationAudit(sql, tenant, tenantRemoved(before))
          yield* sql`update tenants set removed_at = now() where id = ${tenant}`
        })
      ),

    purge: database.system("purge removed tenants", purgeStep),

    foreign: (tenant, ids) => database.system("look for ids", (sql) => findForeign(sql, tenant, ids))
  })
)

export const layerTenantStorePostgres: Layer.Layer<TenantStore, never, Database> = Layer.effect(TenantStore, make)
