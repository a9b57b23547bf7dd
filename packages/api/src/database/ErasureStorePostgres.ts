import type { SqlClient } from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import { erasureBegun, erasureFinished, erasureReachedEdge } from "@vigil/core/AuditChanges"
import { ChangeAuthor } from "@vigil/core/ChangeAuthor"
import {
  addCounts,
  EdgeErasure,
  Erasure,
  ErasureCounts,
  ErasureId,
  ErasureOrder,
  type ErasureRequest,
  ErasureSelection,
  noCounts,
  remainsOf
} from "@vigil/core/Erasure"
import type { CameraId, EdgeId, TenantId } from "@vigil/core/Ids"
import type { NodeName } from "@vigil/core/Node"
import { CameraNotFound } from "@vigil/core/port/CameraStore"
import { ErasureNotFound, ErasureStore } from "@vigil/core/port/ErasureStore"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"
import { tellEdgesChanged } from "./EdgeStorePostgres.js"

/** Events that one transaction erases, and reports of one list. */
const batch = 2000
const listed = 500

interface ErasureRow {
  readonly id: string
  readonly tenant_id: string
  readonly selection: object
  readonly reason: string
  readonly requested_by: string | null
  readonly requester: string
  readonly requested_at: Date
  /** Of what is here. */
  readonly finished_at: Date | null
  readonly expected: string
  readonly erased: object
  readonly edges: ReadonlyArray<EdgeRow>
}

interface EdgeRow {
  readonly edge_id: EdgeId
  readonly name: NodeName
  readonly erased_at: string | null
  readonly events: number
  readonly messages: number
  readonly is_there: boolean
}

const decodeErasure = Schema.decodeUnknown(Erasure)
const decodeOrder = Schema.decodeUnknown(ErasureOrder)
const decodeSelection = Schema.decodeUnknown(ErasureSelection)
const encodeSelection = Schema.encodeSync(ErasureSelection)
const encodeErased = Schema.encodeSync(Erasure.fields.erased)
const encodeEdge = Schema.encodeSync(EdgeErasure)
const decodeCounts = Schema.decodeUnknown(ErasureCounts)

/** Erasures with what each edge did of them. */
const select = (sql: SqlClient, which: Fragment) => sql<ErasureRow & { readonly settled_at: Date | null }>`
  select e.*, coalesce((select jsonb_agg(to_jsonb(x) || jsonb_build_object('is_there', exists (select 1 from edges g where g.id = x.edge_id))
      order by x.name) from erasure_edges x where x.erasure_id = e.id), '[]') as edges
  from erasures e where ${which}`

const toEdge = ({ edge_id, erased_at, events, is_there, messages, name }: EdgeRow): EdgeErasure => ({
  edgeId: edge_id,
  name,
  state: erased_at !== null ? "erased" : is_there ? "pending" : "revoked",
  erasedAt: erased_at === null ? null : DateTime.unsafeMake(erased_at),
  events,
  messages
})

const toErasure = (row: ErasureRow) => {
  const edges = row.edges.map(toEdge)
  const { finished_at } = row
  const times = [finished_at?.getTime() ?? 0, ...edges.map(({ erasedAt }) => erasedAt?.epochMillis ?? 0)]
  const isOver = finished_at !== null && edges.every(({ state }) => state !== "pending")
  return decodeErasure({
    id: row.id,
    tenantId: row.tenant_id,
    selection: row.selection,
    reason: row.reason,
    requestedBy: { id: row.requested_by, username: row.requester },
    requestedAt: row.requested_at.toISOString(),
    expected: Number(row.expected),
    clearedAt: finished_at?.toISOString() ?? null,
    finishedAt: isOver ? new Date(Math.max(...times)).toISOString() : null,
    erased: row.erased,
    edges: edges.map((edge) => encodeEdge(edge)),
    remains: remainsOf(edges)
  })
}

const conditions = (sql: SqlClient, { cameraIds, eventIds, eventTypes, from, to, trackingIds }: ErasureSelection) => {
  const all: Array<Fragment> = [sql`true`]
  if (from !== undefined) all.push(sql`occurred_at >= ${DateTime.toDateUtc(from)}`)
  if (to !== undefined) all.push(sql`occurred_at < ${DateTime.toDateUtc(to)}`)
  if (cameraIds !== undefined) all.push(sql.in("camera_id", cameraIds))
  if (eventTypes !== undefined) all.push(sql.in("event_type", eventTypes))
  if (eventIds !== undefined) all.push(sql.in("event_id", eventIds))
  if (trackingIds !== undefined) all.push(sql`detection_metadata ->> 'trackingId' in ${sql.in(trackingIds)}`)
  return sql.and(all)
}

/** Of what was there when an erasure was asked for nothing is left once it is over. The node's clock may be some minutes off the database's. */
const lateOnly = (sql: SqlClient, { clearedAt, requestedAt }: Erasure): Fragment =>
  clearedAt === null ? sql`true` : sql`recorded_at >= ${DateTime.toDateUtc(requestedAt)}::timestamptz - interval '10 minutes'`

interface CountRow {
  readonly camera_id: string
  readonly event_type: string
  readonly events: number
  readonly oldest: Date
  readonly newest: Date
}

/** The counts of each camera and type, added up. */
const toCounts = (rows: ReadonlyArray<CountRow>) =>
  Effect.map(
    Effect.forEach(rows, ({ camera_id, event_type, events, newest, oldest }) =>
      decodeCounts({
        events,
        byCamera: [{ cameraId: camera_id, events }],
        byType: [{ eventType: event_type, events }],
        oldest: oldest.toISOString(),
        newest: newest.toISOString()
      })
    ),
    (parts) => parts.reduce(addCounts, noCounts)
  )

/** Cameras whose events are to be erased are the tenant's, also those that were removed. */
const checkCameras = (sql: SqlClient, { cameraIds = [] }: ErasureSelection) =>
  Effect.gen(function* () {
    if (cameraIds.length === 0) return
    const known = yield* sql<{ readonly id: CameraId }>`select id from cameras where ${sql.in("id", cameraIds)}
      union select camera_id from camera_epochs where ${sql.in("camera_id", cameraIds)}`
    const ids = new Set(known.map(({ id }) => id))
    const strange = cameraIds.find((id) => !ids.has(id))
    if (strange !== undefined) return yield* new CameraNotFound({ cameraId: strange })
  })

const read = (sql: SqlClient, id: ErasureId) =>
  Effect.flatMap(select(sql, sql`e.id = ${id}`), ([row]) => Effect.transposeMapOption(Option.fromNullable(row), toErasure))

/** Holds the report until the transaction ends, and changes what it says. */
const report = (
  sql: SqlClient,
  { id }: Erasure,
  change: (before: Erasure) => { readonly erased: Erasure["erased"]; readonly finished_at?: Date; readonly settled_at?: Date }
) =>
  Effect.gen(function* () {
    yield* sql`select id from erasures where id = ${id} for no key update`
    const before = yield* read(sql, id)
    if (Option.isNone(before)) return Option.none()
    const { erased, ...times } = change(before.value)
    yield* sql`update erasures set ${sql.update({ ...times, erased: JSON.stringify(encodeErased(erased)) })} where id = ${id}`
    return yield* read(sql, id)
  })

interface NewErasure extends ErasureOrder {
  readonly requestedBy: Erasure["requestedBy"]
  readonly expected: number
}

/** What is written down already stays as it is. */
const insert = (sql: SqlClient, tenant: TenantId, { expected, id, reason, requestedAt, requestedBy, selection }: NewErasure) =>
  sql`insert into erasures ${sql.insert({
    id,
    tenant_id: tenant,
    selection: JSON.stringify(encodeSelection(selection)),
    reason,
    requested_by: requestedBy.id,
    requester: requestedBy.username,
    requested_at: DateTime.toDateUtc(requestedAt),
    expected,
    erased: JSON.stringify(encodeErased({ ...noCounts, messages: 0, segments: 0 }))
  })} on conflict (id) do nothing`

const written = (erasure: Option.Option<Erasure>) =>
  Effect.mapError(erasure, () => new StoreUnavailable({ operation: "begin erasure", detail: "it was not written down" }))

const make = Effect.map(Database, (database) =>
  ErasureStore.of({
    preview: (tenant, selection) =>
      database.tenant("look for events to erase", tenant, (sql) =>
        Effect.gen(function* () {
          yield* checkCameras(sql, selection)
          return yield* toCounts(
            yield* sql<CountRow>`select camera_id, event_type, count(*)::int as events, min(occurred_at) as oldest,
              max(occurred_at) as newest from events where ${conditions(sql, selection)} group by camera_id, event_type`
          )
        })
      ),

    begin: (tenant, { reason, selection }: ErasureRequest) =>
      database.tenant("begin erasure", tenant, (sql) =>
        Effect.gen(function* () {
          yield* checkCameras(sql, selection)
          const requestedAt = yield* DateTime.now
          const to = selection.to === undefined ? requestedAt : DateTime.min(selection.to, requestedAt)
          const chosen = { ...selection, to }
          const id = ErasureId.make(crypto.randomUUID())
          const [found] = yield* sql<{ readonly events: number }>`
            select count(*)::int as events from events where ${conditions(sql, chosen)}`
          const requestedBy = yield* ChangeAuthor
          yield* insert(sql, tenant, { id, selection: chosen, reason, requestedAt, requestedBy, expected: found?.events ?? 0 })
          yield* sql`insert into erasure_edges (erasure_id, tenant_id, edge_id, name)
            select ${id}, tenant_id, id, name from edges where tenant_id = ${tenant}`
          yield* tellEdgesChanged(sql)
          const erasure = yield* written(yield* read(sql, id))
          yield* writeAudit(sql, tenant, erasureBegun(erasure))
          return erasure
        })
      ),

    obey: (tenant, order) =>
      database.tenant("begin erasure", tenant, (sql) =>
        Effect.gen(function* () {
          yield* insert(sql, tenant, { ...order, requestedBy: { id: null, username: "the centre" }, expected: 0 })
          return yield* written(yield* read(sql, order.id))
        })
      ),

    pendingAt: ({ id, tenantId }) =>
      database.tenant("look for what an edge has to erase", tenantId, (sql) =>
        Effect.flatMap(
          sql<Pick<ErasureRow, "id" | "selection" | "reason" | "requested_at">>`select e.* from erasures e
            join erasure_edges x on x.erasure_id = e.id where x.edge_id = ${id} and x.erased_at is null order by e.requested_at`,
          Effect.forEach(({ requested_at, ...row }) => decodeOrder({ ...row, requestedAt: requested_at.toISOString() }))
        )
      ),

    erasedAt: ({ id: edge, name, tenantId }, id, { events, messages }) =>
      database.tenant("note what an edge erased", tenantId, (sql) =>
        Effect.gen(function* () {
          const changed = yield* sql`update erasure_edges set erased_at = now(), events = ${events}, messages = ${messages}
            where erasure_id = ${id} and edge_id = ${edge} and erased_at is null returning edge_id`
          if (changed.length === 0) return
          yield* tellEdgesChanged(sql)
          yield* writeAudit(sql, tenantId, erasureReachedEdge(id, name, { events, messages }))
        })
      ),

    since: (tenant, oldest) =>
      database.tenant("look for what is not to be taken in", tenant, (sql) =>
        Effect.flatMap(
          sql<Pick<ErasureRow, "selection">>`select selection from erasures where requested_at > ${DateTime.toDateUtc(oldest)}`,
          Effect.forEach(({ selection }) => decodeSelection(selection))
        )
      ),

    step: (erasure) =>
      database.tenant("erase events", erasure.tenantId, (sql) =>
        Effect.gen(function* () {
          const rows = yield* sql<CountRow>`
            with gone as (
              delete from events where event_id in (
                select event_id from events where ${conditions(sql, erasure.selection)} and ${lateOnly(sql, erasure)} limit ${batch}
              ) returning event_id, camera_id, event_type, occurred_at
            ), untold as (
              delete from outbox where camera_id in (select camera_id from gone)
                and message #>> '{entry,event,eventId}' in (select event_id::text from gone)
            )
            select camera_id, event_type, count(*)::int as events, min(occurred_at) as oldest, max(occurred_at) as newest
            from gone group by camera_id, event_type`
          if (rows.length === 0) return 0
          const counts = yield* toCounts(rows)
          yield* report(sql, erasure, ({ erased }) => ({
            erased: { ...erased, ...addCounts(erased, counts) }
          }))
          return counts.events
        })
      ),

    finish: (erasure, { messages, segments }) =>
      database.tenant("finish erasure", erasure.tenantId, (sql) =>
        Effect.gen(function* () {
          const now = DateTime.toDateUtc(yield* DateTime.now)
          const isFirst = erasure.clearedAt === null
          const finished = yield* report(sql, erasure, ({ erased }) => ({
            erased: { ...erased, messages: erased.messages + messages, segments: erased.segments + segments },
            ...(isFirst ? { finished_at: now } : { settled_at: now })
          }))
          if (Option.isNone(finished)) return erasure
          if (isFirst) yield* writeAudit(sql, erasure.tenantId, erasureFinished(finished.value))
          return finished.value
        })
      ),

    get: (tenant, erasureId) =>
      database.tenant("read erasure", tenant, (sql) =>
        Effect.flatMap(
          read(sql, erasureId),
          Effect.mapError(() => new ErasureNotFound({ erasureId }))
        )
      ),

    list: (tenant) =>
      database.tenant("list erasures", tenant, (sql) =>
        Effect.flatMap(select(sql, sql`true order by e.requested_at desc, e.id limit ${listed}`), Effect.forEach(toErasure))
      ),

    open: database.system("look for open erasures", (sql) =>
      Effect.flatMap(
        select(
          sql,
          sql`e.requested_at < now() - interval '1 minute'
            and (e.finished_at is null or e.settled_at is null or e.requested_at > now() - interval '31 days') order by e.requested_at`
        ),
        Effect.forEach((row) => Effect.map(toErasure(row), (erasure) => ({ erasure, isSettled: row.settled_at !== null })))
      )
    )
  })
)

export const layerErasureStorePostgres: Layer.Layer<ErasureStore, never, Database> = Layer.effect(ErasureStore, make)
