import type { SqlClient } from "@effect/sql/SqlClient"
import { settingsUpdated } from "@vigil/core/AuditChanges"
import { defaultTenant, type PlaceId, type TenantId } from "@vigil/core/Ids"
import { PlaceNotFound } from "@vigil/core/port/PlaceStore"
import { SettingStore } from "@vigil/core/port/SettingStore"
import { changedLevel, settingsChanged } from "@vigil/core/settings/SettingChange"
import {
  InheritedSettings,
  type LevelSettings,
  nothingSaid,
  type SettingScope,
  settingsSubject
} from "@vigil/core/settings/SettingLevels"
import type { SettingValues } from "@vigil/core/settings/SettingValues"
import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"
import { writeOutbox } from "./OutboxPostgres.js"
import { overWholeTenant } from "./Reach.js"

interface SettingRow {
  readonly level: SettingScope["level"]
  readonly site_id: PlaceId | null
  readonly said: SettingValues
  readonly revision: number
}

const toLevel = (row: SettingRow | undefined): LevelSettings =>
  row === undefined ? nothingSaid : { values: row.said, revision: row.revision }

const decodeInherited = Schema.decodeUnknown(InheritedSettings)

/** The site of the tenant's own stays for as long as the transaction lasts. */
const siteOf = (sql: SqlClient, scope: SettingScope) =>
  Effect.gen(function* () {
    if (scope.level !== "site") return null
    const [site] = yield* sql`select id from places where id = ${scope.site} and kind = 'site' for key share`
    return site === undefined ? yield* new PlaceNotFound({ placeId: scope.site }) : scope.site
  })

/** Those who change one level do so one after the other, also where there is no row yet. */
const inTurn = (sql: SqlClient, tenant: TenantId, subject: string) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`settings ${tenant} ${subject}`}, 0))`

/** In an edge's own database: what its centre says. */
const ofCentre = (sql: SqlClient) =>
  Effect.flatMap(sql<{ readonly settings: unknown }>`select settings from edge_home where settings is not null`, ([home]) =>
    home === undefined ? Effect.succeedNone : Effect.asSome(decodeInherited(home.settings))
  )

const make = Effect.map(Database, (database) => {
  const ofHome = database.system("read settings", ofCentre)

  const ownOf = (tenant: TenantId) =>
    database.tenant("read settings", tenant, (sql) =>
      Effect.gen(function* () {
        const rows = yield* sql<SettingRow>`select * from settings where level <> 'system'`
        // What is read for one is remembered for all.
        const places = yield* overWholeTenant(
          sql,
          sql<{ readonly id: PlaceId; readonly site: PlaceId }>`
              with recursive tree (id, site) as (
                select id, id from places where kind = 'site'
                union all
                select p.id, tree.site from places p join tree on p.parent_id = tree.id
              )
              select id, site from tree`
        )
        return {
          tenant: toLevel(rows.find(({ level }) => level === "tenant")),
          sites: new Map(rows.flatMap((row) => (row.site_id === null ? [] : [[row.site_id, toLevel(row)] as const]))),
          siteOf: new Map(places.map(({ id, site }) => [id, site]))
        }
      })
    )

  return SettingStore.of({
    system: database.system("read settings", (sql) =>
      Effect.gen(function* () {
        const centre = yield* ofCentre(sql)
        if (Option.isSome(centre)) return centre.value.system
        const [row] = yield* sql<SettingRow>`select * from settings where level = 'system'`
        return toLevel(row)
      })
    ),

    ofTenant: (tenant) =>
      Effect.flatMap(ofHome, Option.match({ onNone: () => ownOf(tenant), onSome: ({ ofTenant }) => Effect.succeed(ofTenant) })),

    change: (tenant, scope, patch, expectedRevision) => {
      const owner = scope.level === "system" ? defaultTenant : tenant
      return database.tenant("change settings", owner, (sql) =>
        Effect.gen(function* () {
          const subject = settingsSubject(tenant, scope)
          const site = yield* siteOf(sql, scope)
          yield* inTurn(sql, owner, subject)
          const rows = yield* sql<SettingRow>`select * from settings
            where level = ${scope.level} and site_id is not distinct from ${site}::uuid`
          const before = toLevel(rows[0])
          const after = yield* changedLevel(before, patch, expectedRevision)
          if (after === before) return after
          const said = JSON.stringify(after.values)
          const now = yield* DateTime.now
          yield* sql`insert into settings (tenant_id, level, site_id, said, revision, updated_at)
            values (${owner}, ${scope.level}, ${site}, ${said}::jsonb, ${after.revision}, ${DateTime.toDateUtc(now)})
            on conflict (tenant_id, level, site_id) do update
              set said = excluded.said, revision = excluded.revision, updated_at = excluded.updated_at`
          yield* writeOutbox(sql, [settingsChanged(owner, scope.level, now)])
          yield* writeAudit(sql, owner, settingsUpdated(subject, before, after))
          return after
        })
      )
    }
  })
})

export const layerSettingStorePostgres: Layer.Layer<SettingStore, never, Database> = Layer.effect(SettingStore, make)
