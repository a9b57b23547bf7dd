import type { SqlClient } from "@effect/sql/SqlClient"
import { type Grants, grantsSet } from "@vigil/core/Grants"
import type { CameraId, PlaceId, TenantId, UserId } from "@vigil/core/Ids"
import { GrantsRevisionConflict, GrantStore } from "@vigil/core/port/GrantStore"
import { UserNotFound } from "@vigil/core/port/UserStore"
import { Effect, Equal, HashSet, Layer, Option } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { changeFeed } from "./ChangeFeed.js"
import { Database } from "./Database.js"
import { checkPlace } from "./PlaceStorePostgres.js"
import { reachChannel, reachOf, tellReach } from "./Reach.js"

const pollInterval = 5000

interface GrantRow {
  readonly place_id: PlaceId | null
  readonly group_name: string | null
}

const read = (sql: SqlClient, user: UserId) =>
  Effect.gen(function* () {
    const rows = yield* sql<GrantRow>`select place_id, group_name from user_grants
      where user_id = ${user} order by group_name collate "C", place_id`
    const [owner] = yield* sql<{ readonly role: string; readonly grants_revision: number }>`
      select role, grants_revision from users where id = ${user}`
    return {
      places: rows.flatMap(({ place_id }) => place_id ?? []),
      groups: rows.flatMap(({ group_name }) => group_name ?? []),
      limited: rows.length > 0 && owner?.role !== "admin",
      revision: owner?.grants_revision ?? 1
    }
  })

const rowsOf = ({ groups, places }: Grants): ReadonlyArray<GrantRow> => [
  ...[...new Set(places)].map((place_id) => ({ place_id, group_name: null })),
  ...[...new Set(groups)].map((group_name) => ({ place_id: null, group_name }))
]

const isSame = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  Equal.equals(HashSet.fromIterable(a), HashSet.fromIterable(b))

/** In the transaction of who holds the user's row; with what the audit trail tells of it, null where nothing changes. */
export const writeGrants = (sql: SqlClient, tenant: TenantId, user: UserId, grants: Grants) =>
  Effect.gen(function* () {
    const before = yield* read(sql, user)
    if (isSame(before.places, grants.places) && isSame(before.groups, grants.groups)) return { grants: before, change: null }
    yield* Effect.forEach(grants.places, (id) => checkPlace(sql, id), { discard: true })
    const rows = rowsOf(grants)
    yield* sql`delete from user_grants where user_id = ${user}`
    if (rows.length > 0) {
      yield* sql`insert into user_grants ${sql.insert(rows.map((row) => ({ ...row, user_id: user, tenant_id: tenant })))}`
    }
    yield* sql`update users set grants_revision = grants_revision + 1 where id = ${user}`
    const after = yield* read(sql, user)
    yield* tellReach(sql)
    return { grants: after, change: grantsSet({ id: user }, before, after) }
  })

const make = Effect.gen(function* () {
  const database = yield* Database

  const fingerprint = database.system("look for changed grants", (sql) =>
    Effect.map(
      sql<{ readonly mark: string }>`select concat_ws(' ',
        (select concat_ws(' ', count(*), max(granted_at)) from user_grants),
        (select sum(hashtext(concat_ws(' ', id, parent_id))) from places)) as mark`,
      ([row]) => row?.mark ?? ""
    )
  )

  return GrantStore.of({
    get: (tenant, user) => database.tenant("read grants", tenant, (sql) => read(sql, user)),

    set: (tenant, user, grants, expected) =>
      database.tenant("change grants", tenant, (sql) =>
        Effect.gen(function* () {
          const [known] = yield* sql`select id from users where id = ${user} for no key update`
          if (known === undefined) return yield* new UserNotFound({ userId: user })
          const { revision } = yield* read(sql, user)
          if (expected !== undefined && expected !== revision)
            return yield* new GrantsRevisionConflict({ userId: user, expected, actual: revision })
          const written = yield* writeGrants(sql, tenant, user, grants)
          if (written.change !== null) yield* writeAudit(sql, tenant, written.change)
          return written.grants
        })
      ),

    reach: (tenant, user) =>
      database.tenant("look what a user may see", tenant, (sql) =>
        Effect.gen(function* () {
          yield* reachOf(sql, user)
          const [row] = yield* sql<{ readonly limited: boolean }>`select reach_is_limited() as limited`
          if (row?.limited !== true) return Option.none()
          const cameras = yield* sql<{ readonly id: CameraId }>`select id from cameras`
          return Option.some(new Set(cameras.map(({ id }) => id)))
        })
      ),

    changes: yield* changeFeed(database.connection, reachChannel, fingerprint, pollInterval)
  })
})

export const layerGrantStorePostgres: Layer.Layer<GrantStore, never, Database> = Layer.scoped(GrantStore, make)
