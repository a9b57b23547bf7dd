import type { SqlClient } from "@effect/sql/SqlClient"
import { licenceChanged } from "@vigil/core/TenantChanges"
import type { TenantId } from "@vigil/core/Ids"
import { Licence, type LicenceRefused, refusalOfCameras, refusalOfModel, standingOf, unlimitedLicence } from "@vigil/core/Licence"
import { requireExpected } from "@vigil/core/port/Expected"
import { Licences } from "@vigil/core/port/Licences"
import { TenantNotFound } from "@vigil/core/port/TenantStore"
import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { Database } from "./Database.js"
import { writeInstallationAudit } from "./InstallationAudit.js"
import { overWholeTenant } from "./Reach.js"

/** A licence's row beside its tenant's; all null where it has none. */
export interface LicenceRow {
  readonly cameras: number | null
  readonly valid_from: Date | null
  readonly valid_until: Date | null
  readonly models: ReadonlyArray<string> | null
}

const decodeLicence = Schema.decodeUnknown(Licence)

export const toLicence = ({ cameras, models, valid_from, valid_until }: LicenceRow) =>
  decodeLicence({
    cameras,
    validFrom: valid_from?.toISOString() ?? null,
    validUntil: valid_until?.toISOString() ?? null,
    models
  })

const isSame = Schema.equivalence(Licence)

const toRow = ({ cameras, models, validFrom, validUntil }: Licence) => ({
  cameras,
  valid_from: validFrom === null ? null : DateTime.toDateUtc(validFrom),
  valid_until: validUntil === null ? null : DateTime.toDateUtc(validUntil),
  models: models === null ? null : [...models]
})

/** What it gives; the row is added to none where the licence sets no limit. */
export const writeLicence = (sql: SqlClient, tenant: TenantId, licence: Licence) => {
  const { cameras, models, valid_from, valid_until } = toRow(licence)
  return sql`insert into licences (tenant_id, cameras, valid_from, valid_until, models)
    values (${tenant}, ${cameras}, ${valid_from}, ${valid_until}, ${models}::text[])
    on conflict (tenant_id) do update set cameras = excluded.cameras, valid_from = excluded.valid_from,
      valid_until = excluded.valid_until, models = excluded.models`
}

const readLicence = (sql: SqlClient, tenant: TenantId) =>
  Effect.flatMap(sql<LicenceRow>`select * from licences where tenant_id = ${tenant}`, ([row]) =>
    row === undefined ? Effect.succeed(unlimitedLicence) : toLicence(row)
  )

const countEnabled = (sql: SqlClient, tenant: TenantId) =>
  Effect.map(
    overWholeTenant(
      sql,
      sql<{ readonly enabled: string }>`select count(*) as enabled from cameras
        where tenant_id = ${tenant} and (configuration ->> 'enabled')::boolean`
    ),
    ([row]) => Number(row?.enabled ?? 0)
  )

/**
 * For the transaction that enables cameras: why the licence does not allow so many more. The tenant's row is held until its end, so that
 * two do not take the last place.
 */
export const refusalOfMore = (sql: SqlClient, tenant: TenantId) =>
  Effect.gen(function* () {
    const [row] = yield* sql<LicenceRow>`select l.* from licences l join tenants t on t.id = l.tenant_id
      where l.tenant_id = ${tenant} for no key update of t`
    const licence = row === undefined ? unlimitedLicence : yield* toLicence(row)
    const enabled = licence.cameras === null ? 0 : yield* countEnabled(sql, tenant)
    const now = yield* DateTime.now
    return (more: number): Option.Option<LicenceRefused> => refusalOfCameras(licence, enabled + more, now)
  })

/** Fails where the licence does not allow so many more. */
export const requireCameras = (sql: SqlClient, tenant: TenantId, more: number) =>
  Effect.gen(function* () {
    const refusal = more === 0 ? Option.none() : (yield* refusalOfMore(sql, tenant))(more)
    if (Option.isSome(refusal)) return yield* refusal.value
  })

const readStanding = (sql: SqlClient, tenant: TenantId) =>
  Effect.gen(function* () {
    const [known] = yield* sql`select from tenants where id = ${tenant} and removed_at is null`
    if (known === undefined) return yield* new TenantNotFound({ tenantId: tenant })
    return standingOf(yield* readLicence(sql, tenant), yield* countEnabled(sql, tenant), yield* DateTime.now)
  })

/** Milliseconds that a licence is believed without asking the database again. */
const believed = 3_000

const make = Effect.map(Database, (database) => {
  const known = new Map<TenantId, { readonly licence: Licence; readonly until: number }>()

  const licenceOf = (tenant: TenantId) =>
    Effect.suspend(() => {
      const before = known.get(tenant)
      if (before !== undefined && before.until > performance.now()) return Effect.succeed(before.licence)
      return database
        .tenant("read licence", tenant, (sql) => readLicence(sql, tenant))
        .pipe(
          Effect.tap((licence) => Effect.sync(() => known.set(tenant, { licence, until: performance.now() + believed }))),
          // What was allowed a moment ago is not forbidden by an outage.
          Effect.catchAll((error) => (before === undefined ? Effect.fail(error) : Effect.succeed(before.licence)))
        )
    })

  return Licences.of({
    standing: (tenant) => database.tenant("read licence", tenant, (sql) => readStanding(sql, tenant)),

    requireModel: (tenant, model) =>
      Effect.gen(function* () {
        const refusal = refusalOfModel(yield* licenceOf(tenant), model, yield* DateTime.now)
        if (Option.isSome(refusal)) return yield* refusal.value
      }),

    change: (tenant, licence, expected) =>
      database
        .system("change licence", (sql) =>
          Effect.gen(function* () {
            yield* sql`select from tenants where id = ${tenant} for no key update`
            const standing = yield* readStanding(sql, tenant)
            const { licence: before } = standing
            yield* requireExpected("the licence", before, expected)
            if (isSame(before, licence)) return standing
            yield* writeLicence(sql, tenant, licence)
            yield* writeInstallationAudit(sql, tenant, licenceChanged(tenant, before, licence))
            return yield* readStanding(sql, tenant)
          })
        )
        .pipe(Effect.tap(() => Effect.sync(() => known.delete(tenant))))
  })
})

export const layerLicencesPostgres: Layer.Layer<Licences, never, Database> = Layer.effect(Licences, make)
