import type { SqlClient } from "@effect/sql/SqlClient"
import { placeCreated, placeDeleted, placeUpdated } from "@vigil/core/AuditChanges"
import { PlaceId, type TenantId } from "@vigil/core/Ids"
import { type NewPlace, parentKind, Place, type PlaceKind } from "@vigil/core/Place"
import { PlaceNotFound, PlaceRefused, PlaceRevisionConflict, PlaceStore } from "@vigil/core/port/PlaceStore"
import type { ComingBack } from "@vigil/core/Rollback"
import { settingsChanged } from "@vigil/core/settings/SettingChange"
import { DateTime, Effect, Layer } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { isDuplicate } from "./Connection.js"
import { Database } from "./Database.js"
import { writeOutbox } from "./OutboxPostgres.js"
import { overWholeTenant, tellReach, withinReach } from "./Reach.js"

interface PlaceRow {
  readonly id: PlaceId
  readonly tenant_id: TenantId
  readonly kind: PlaceKind
  readonly name: string
  readonly parent_id: PlaceId | null
  readonly revision: number
  readonly created_at: Date
  readonly updated_at: Date
}

const toPlace = (row: PlaceRow): Place =>
  Place.make({
    id: row.id,
    tenantId: row.tenant_id,
    kind: row.kind,
    name: row.name,
    parentId: row.parent_id,
    revision: row.revision,
    createdAt: DateTime.unsafeFromDate(row.created_at),
    updatedAt: DateTime.unsafeFromDate(row.updated_at)
  })

const one = (rows: ReadonlyArray<PlaceRow>, placeId: PlaceId) =>
  Effect.map(
    Effect.mapError(Effect.fromNullable(rows[0]), () => new PlaceNotFound({ placeId })),
    toPlace
  )

/** A place of the camera's own tenant that stays for as long as the transaction lasts. */
export const checkPlace = (sql: SqlClient, placeId: PlaceId | null | undefined) =>
  Effect.gen(function* () {
    if (placeId === null || placeId === undefined) return
    const [place] = yield* sql`select id from places where id = ${placeId} for key share`
    if (place === undefined) return yield* new PlaceNotFound({ placeId })
  })

const inA = { building: "a site", floor: "a building", zone: "a floor" } as const

/** A building is in a site, and so on. */
const checkParent = (sql: SqlClient, kind: PlaceKind, parentId: PlaceId | null) =>
  Effect.gen(function* () {
    if (kind === "site") {
      if (parentId !== null) return yield* new PlaceRefused({ reason: "wrong-parent", detail: "a site is in no other place" })
      return
    }
    const refusal = new PlaceRefused({ reason: "wrong-parent", detail: `a ${kind} must be in ${inA[kind]}` })
    if (parentId === null) return yield* refusal
    const rows = yield* sql<PlaceRow>`select * from places where id = ${parentId} for key share`
    const parent = yield* one(rows, parentId)
    if (parent.kind !== parentKind(kind)) return yield* refusal
  })

const nameTaken = (name: string) =>
  new PlaceRefused({ reason: "name-taken", detail: `there is a ${name} in the same place already` })

const checkRevision = ({ id, revision }: Place, expected: number | undefined) =>
  expected === undefined || expected === revision
    ? Effect.void
    : Effect.fail(new PlaceRevisionConflict({ placeId: id, expected, actual: revision }))

/** What hangs there inherits from the site that it is in now. */
const tellSettings = (sql: SqlClient, { tenantId, updatedAt }: Place) =>
  writeOutbox(sql, [settingsChanged(tenantId, "site", updatedAt)])

const insert = (sql: SqlClient, tenant: TenantId, { id, revision }: ComingBack<PlaceId>, { kind, name, parentId }: NewPlace) =>
  Effect.gen(function* () {
    yield* checkParent(sql, kind, parentId)
    const now = DateTime.toDateUtc(yield* DateTime.now)
    const rows = yield* sql<PlaceRow>`insert into places (id, tenant_id, kind, name, parent_id, revision, created_at, updated_at)
      values (${id}, ${tenant}, ${kind}, ${name}, ${parentId}, ${revision}, ${now}, ${now})
      on conflict (tenant_id, parent_id, name) do nothing returning *`.pipe(withinReach("place"))
    const place = yield* Effect.mapError(one(rows, id), () => nameTaken(name))
    yield* tellSettings(sql, place)
    yield* writeAudit(sql, tenant, placeCreated(place))
    return place
  })

/** What was said at a site went with it; what will be said goes on counting. */
const countSettingsOn = (sql: SqlClient, { id, kind, tenantId, updatedAt }: Place) =>
  kind !== "site"
    ? Effect.void
    : sql`insert into settings (tenant_id, level, site_id, said, revision, updated_at)
        select ${tenantId}, 'site', ${id}, '{}', max((new_values ->> 'revision')::int), ${DateTime.toDateUtc(updatedAt)}
        from audit_entries where subject_type = 'settings' and subject_id = ${id}::text having count(*) > 0`

const make = Effect.map(Database, (database) =>
  PlaceStore.of({
    list: (tenant) =>
      database.tenant("list places", tenant, (sql) =>
        Effect.map(sql<PlaceRow>`select * from places order by lower(name) collate "C", id`, (rows) => rows.map(toPlace))
      ),

    get: (tenant, id) =>
      database.tenant("read place", tenant, (sql) =>
        Effect.flatMap(sql<PlaceRow>`select * from places where id = ${id}`, (rows) => one(rows, id))
      ),

    create: (tenant, place) =>
      database.tenant("add place", tenant, (sql) =>
        insert(sql, tenant, { id: PlaceId.make(crypto.randomUUID()), revision: 1 }, place)
      ),

    restore: (tenant, back, place) =>
      database.tenant("bring place back", tenant, (sql) =>
        Effect.catchIf(
          Effect.tap(insert(sql, tenant, back, place), (restored) => countSettingsOn(sql, restored)),
          isDuplicate,
          () => new PlaceRevisionConflict({ placeId: back.id, expected: back.revision - 1, actual: back.revision })
        )
      ),

    update: (tenant, id, patch, expectedRevision) =>
      database.tenant("change place", tenant, (sql) =>
        Effect.gen(function* () {
          const before = yield* one(yield* sql<PlaceRow>`select * from places where id = ${id} for no key update`, id)
          yield* checkRevision(before, expectedRevision)
          const { name = before.name, parentId = before.parentId } = patch
          const moves = parentId !== before.parentId
          if (!moves && name === before.name) return before
          if (moves) yield* checkParent(sql, before.kind, parentId)
          const [taken] = yield* overWholeTenant(
            sql,
            sql`select id from places
              where parent_id is not distinct from ${parentId}::uuid and name = ${name} and id <> ${id}`
          )
          if (taken !== undefined) return yield* nameTaken(name)
          const now = DateTime.toDateUtc(yield* DateTime.now)
          const rows = yield* sql<PlaceRow>`update places
            set name = ${name}, parent_id = ${parentId}, revision = revision + 1, updated_at = ${now}
            where id = ${id} returning *`
          const after = yield* one(rows, id)
          if (moves) yield* tellReach(sql)
          if (moves) yield* tellSettings(sql, after)
          yield* writeAudit(sql, tenant, placeUpdated(before, after))
          return after
        })
      ),

    remove: (tenant, id, expectedRevision) =>
      database.tenant("remove place", tenant, (sql) =>
        Effect.gen(function* () {
          const place = yield* one(yield* sql<PlaceRow>`select * from places where id = ${id} for no key update`, id)
          yield* checkRevision(place, expectedRevision)
          const [inUse] = yield* sql<{ readonly cameras: number; readonly places: number }>`select
            (select count(*)::int from cameras where tenant_id = ${tenant} and place_id = ${id}) as cameras,
            (select count(*)::int from places where tenant_id = ${tenant} and parent_id = ${id}) as places`
          if (inUse !== undefined && inUse.cameras + inUse.places > 0) {
            const detail = `${place.name} holds ${inUse.cameras} cameras and ${inUse.places} places: move or remove them first`
            return yield* new PlaceRefused({ reason: "in-use", detail })
          }
          const [granted] = yield* sql<{ readonly users: number }>`select count(*)::int as users from user_grants
            where tenant_id = ${tenant} and place_id = ${id}`
          if (granted !== undefined && granted.users > 0) {
            const detail = `${granted.users} users are limited to ${place.name}: change what they are granted first`
            return yield* new PlaceRefused({ reason: "in-use", detail })
          }
          yield* sql`delete from places where id = ${id}`
          yield* writeAudit(sql, tenant, placeDeleted(place))
        })
      )
  })
)

export const layerPlaceStorePostgres: Layer.Layer<PlaceStore, never, Database> = Layer.effect(PlaceStore, make)
