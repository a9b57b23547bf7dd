import type { SqlClient } from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import { erasureBegun, erasureFinished } from "@vigil/core/AuditChanges"
import { ChangeAuthor } from "@vigil/core/ChangeAuthor"
import {
  addCounts,
  Erasure,
  ErasureCounts,
  ErasureId,
  erasureRemains,
  type ErasureRequest,
  ErasureSelection,
  noCounts
} from "@vigil/core/Erasure"
import type { CameraId } from "@vigil/core/Ids"
import { CameraNotFound } from "@vigil/core/port/CameraStore"
import { ErasureNotFound, ErasureStore } from "@vigil/core/port/ErasureStore"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"

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
  readonly finished_at: Date | null
  readonly erased: object
}

const decodeErasure = Schema.decodeUnknown(Erasure)
const encodeSelection = Schema.encodeSync(ErasureSelection)
const encodeErased = Schema.encodeSync(Erasure.fields.erased)
const decodeCounts = Schema.decodeUnknown(ErasureCounts)

const toErasure = (row: ErasureRow) =>
  decodeErasure({
    id: row.id,
    tenantId: row.tenant_id,
    selection: row.selection,
    reason: row.reason,
    requestedBy: { id: row.requested_by, username: row.requester },
    requestedAt: row.requested_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    erased: row.erased,
    remains: erasureRemains
  })

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
const lateOnly = (sql: SqlClient, { finishedAt, requestedAt }: Erasure): Fragment =>
  finishedAt === null ? sql`true` : sql`recorded_at >= ${DateTime.toDateUtc(requestedAt)}::timestamptz - interval '10 minutes'`

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

/** Holds the report until the transaction ends, and changes what it says. */
const report = (
  sql: SqlClient,
  { id }: Erasure,
  change: (before: Erasure) => { readonly erased: Erasure["erased"]; readonly finished_at?: Date; readonly settled_at?: Date }
) =>
  Effect.gen(function* () {
    const [row] = yield* sql<ErasureRow>`select * from erasures where id = ${id} for update`
    if (row === undefined) return Option.none()
    const { erased, ...times } = change(yield* toErasure(row))
    const [changed] = yield* sql<ErasureRow>`update erasures
      set ${sql.update({ ...times, erased: JSON.stringify(encodeErased(erased)) })} where id = ${id} returning *`
    return changed === undefined ? Option.none() : Option.some(yield* toErasure(changed))
  })

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
          const { id: requestedBy, username } = yield* ChangeAuthor
          const now = yield* DateTime.now
          const to = selection.to === undefined || selection.to.epochMillis > now.epochMillis ? now : selection.to
          const rows = yield* sql<ErasureRow>`insert into erasures ${sql
            .insert({
              id: ErasureId.make(crypto.randomUUID()),
              tenant_id: tenant,
              selection: JSON.stringify(encodeSelection({ ...selection, to })),
              reason,
              requested_by: requestedBy,
              requester: username,
              requested_at: DateTime.toDateUtc(now),
              erased: JSON.stringify(encodeErased({ ...noCounts, messages: 0 }))
            })
            .returning("*")}`
          const [erasure] = yield* Effect.forEach(rows, toErasure)
          if (erasure === undefined) {
            return yield* new StoreUnavailable({ operation: "begin erasure", detail: "it was not written down" })
          }
          yield* writeAudit(sql, tenant, erasureBegun(erasure))
          return erasure
        })
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
            erased: { ...addCounts(erased, counts), messages: erased.messages }
          }))
          return counts.events
        })
      ),

    finish: (erasure, messages) =>
      database.tenant("finish erasure", erasure.tenantId, (sql) =>
        Effect.gen(function* () {
          const now = DateTime.toDateUtc(yield* DateTime.now)
          const isFirst = erasure.finishedAt === null
          const finished = yield* report(sql, erasure, ({ erased }) => ({
            erased: { ...erased, messages: erased.messages + messages },
            ...(isFirst ? { finished_at: now } : { settled_at: now })
          }))
          if (Option.isNone(finished)) return erasure
          if (isFirst) yield* writeAudit(sql, erasure.tenantId, erasureFinished(finished.value))
          return finished.value
        })
      ),

    get: (tenant, erasureId) =>
      database.tenant("read erasure", tenant, (sql) =>
        sql<ErasureRow>`select * from erasures where id = ${erasureId}`.pipe(
          Effect.flatMap(([row]) => Effect.mapError(Effect.fromNullable(row), () => new ErasureNotFound({ erasureId }))),
          Effect.flatMap(toErasure)
        )
      ),

    list: (tenant) =>
      database.tenant("list erasures", tenant, (sql) =>
        Effect.flatMap(
          sql<ErasureRow>`select * from erasures order by requested_at desc, id limit ${listed}`,
          Effect.forEach(toErasure)
        )
      ),

    open: database.system("look for open erasures", (sql) =>
      Effect.flatMap(
        sql<ErasureRow & { readonly settled_at: Date | null }>`select * from erasures
            where requested_at < now() - interval '1 minute'
              and (finished_at is null or settled_at is null or requested_at > now() - interval '31 days')
            order by requested_at`,
        Effect.forEach((row) => Effect.map(toErasure(row), (erasure) => ({ erasure, isSettled: row.settled_at !== null })))
      )
    )
  })
)

export const layerErasureStorePostgres: Layer.Layer<ErasureStore, never, Database> = Layer.effect(ErasureStore, make)
