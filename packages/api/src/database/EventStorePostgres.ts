import type { SqlClient } from "@effect/sql/SqlClient"
import { eventChanged } from "@vigil/core/BusMessage"
import { changeEvent } from "@vigil/core/EventChanges"
import { cursorOf, eventCursors } from "@vigil/core/EventCursor"
import { type DetectionMetadata, Event, EventEntry, EventNote, type EventQuery } from "@vigil/core/Event"
import { CameraId, Epoch, type EventId, type TenantId } from "@vigil/core/Ids"
import { EventNotFound, EventStore, StaleEpoch } from "@vigil/core/port/EventStore"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { writeAudits } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"
import { writeOutbox } from "./OutboxPostgres.js"
import { idsIn, makeTogether } from "./Together.js"
import { lastly, soon } from "./Transaction.js"

const encodeMetadata = Schema.encodeSync(Event.fields.detectionMetadata)
const encodeNotes = Schema.encodeSync(Schema.Array(EventNote))
const decodeEntry = Schema.decodeUnknown(EventEntry)

interface EventRow {
  readonly event_id: string
  readonly tenant_id: string
  readonly camera_id: string
  readonly sequence: string
  readonly epoch: string
  readonly event_type: string
  readonly confidence: number
  readonly occurred_at: Date
  readonly detection_metadata: DetectionMetadata
  readonly clip_url: string | null
  readonly priority: string
  readonly status: string
  readonly tags: ReadonlyArray<string>
  readonly ticket: string | null
  readonly notes: ReadonlyArray<typeof EventNote.Encoded>
}

const toEntry = (row: EventRow) =>
  decodeEntry({
    sequence: Number(row.sequence),
    epoch: Number(row.epoch),
    event: {
      eventId: row.event_id,
      customerId: row.tenant_id,
      cameraId: row.camera_id,
      eventType: row.event_type,
      confidence: row.confidence,
      timestamp: row.occurred_at.toISOString(),
      detectionMetadata: row.detection_metadata,
      clipUrl: row.clip_url,
      priority: row.priority,
      status: row.status
    },
    ...(row.tags.length === 0 ? {} : { tags: row.tags }),
    ...(row.ticket === null ? {} : { ticket: row.ticket }),
    ...(row.notes.length === 0 ? {} : { notes: row.notes })
  })

const toRow = ({ sequence, epoch, event }: EventEntry) => ({
  event_id: event.eventId,
  tenant_id: event.customerId,
  camera_id: event.cameraId,
  sequence,
  epoch,
  event_type: event.eventType,
  confidence: event.confidence,
  occurred_at: DateTime.toDateUtc(event.timestamp),
  detection_metadata: JSON.stringify(encodeMetadata(event.detectionMetadata)),
  clip_url: event.clipUrl,
  priority: event.priority,
  status: event.status
})

/** What people know of an event, as columns. */
const remarksOf = ({ event: { status }, notes = [], tags = [], ticket }: EventEntry) => ({
  status,
  tags,
  ticket: ticket ?? null,
  notes: JSON.stringify(encodeNotes(notes))
})

const refused = (detail: string) => new StoreUnavailable({ operation: "append events", detail })

interface Writer {
  readonly cameraId: CameraId
  readonly tenantId: TenantId
  readonly epoch: Epoch
}

/** Holds the camera's row until the transaction ends: appends of one camera run one after another. */
const lockLog = (sql: SqlClient, { cameraId, epoch, tenantId }: Writer) =>
  sql<{ readonly epoch: string; readonly last_sequence: string }>`
    insert into camera_epochs (camera_id, tenant_id, epoch)
    values (${cameraId}, ${tenantId}, ${epoch})
    on conflict (camera_id) do update set epoch = greatest(camera_epochs.epoch, excluded.epoch)
    returning epoch, last_sequence`.pipe(
    Effect.map(([row]) => ({ epoch: Epoch.make(Number(row?.epoch ?? 0)), lastSequence: Number(row?.last_sequence ?? 0) }))
  )

interface Log {
  readonly epoch: Epoch
  readonly lastSequence: number
}

/** What a camera's log refuses whatever is in it: strangers, stale epochs. */
const check = (cameraId: CameraId, log: Log, entries: ReadonlyArray<EventEntry>) =>
  Effect.gen(function* () {
    for (const { epoch, event } of entries) {
      if (event.cameraId !== cameraId) return yield* refused(`event ${event.eventId} is of another camera`)
      if (epoch < log.epoch) return yield* new StaleEpoch({ cameraId, epoch, current: log.epoch })
    }
  })

interface End {
  readonly epoch: number
  readonly sequence: number
}

/** Where the log ends with these entries, which may leave no gap. */
const endWith = ({ epoch, lastSequence }: Log, entries: ReadonlyArray<EventEntry>) =>
  Effect.gen(function* () {
    let next = lastSequence + 1
    for (const { sequence } of entries) {
      if (sequence > next) return yield* refused(`sequence ${sequence} leaves a gap: ${next} comes next`)
      if (sequence === next) next += 1
    }
    return { epoch: Math.max(epoch, ...entries.map((entry) => entry.epoch)), sequence: next - 1 }
  })

/** Entries that were written before must be the same ones. */
const checkWritten = (sql: SqlClient, cameraId: CameraId, written: ReadonlyArray<EventEntry>) =>
  Effect.gen(function* () {
    if (written.length === 0) return
    const rows = yield* sql<Pick<EventRow, "event_id" | "sequence">>`select event_id, sequence from events
      where camera_id = ${cameraId} and ${sql.in(
        "sequence",
        written.map(({ sequence }) => sequence)
      )}`
    const idOf = new Map(rows.map((row) => [Number(row.sequence), row.event_id]))
    for (const { sequence, event } of written) {
      if ((idOf.get(sequence) ?? event.eventId) !== event.eventId) {
        return yield* refused(`sequence ${sequence} is taken by another event`)
      }
    }
  })

const conditions = (sql: SqlClient, query: EventQuery) =>
  Effect.gen(function* () {
    const all = [sql`true`]
    if (query.cameraId !== undefined) all.push(sql`camera_id = ${query.cameraId}`)
    if (query.eventType !== undefined) all.push(sql`event_type = ${query.eventType}`)
    if (query.status !== undefined) all.push(sql`status = ${query.status}`)
    if (query.tag !== undefined) all.push(sql`tags <> '{}' and tags @> array[${query.tag}]`)
    if (query.from !== undefined) all.push(sql`occurred_at >= ${DateTime.toDateUtc(query.from)}`)
    if (query.to !== undefined) all.push(sql`occurred_at < ${DateTime.toDateUtc(query.to)}`)
    const after = yield* eventCursors.parse(query)
    if (after !== undefined) {
      all.push(sql`(occurred_at, event_id) < (${DateTime.toDateUtc(after.timestamp)}, ${after.eventId}::uuid)`)
    }
    return sql.and(all)
  })

const one = (rows: ReadonlyArray<EventRow>, eventId: EventId) =>
  Effect.mapError(Effect.fromNullable(rows[0]), () => new EventNotFound({ eventId }))

/** Writes entries into the log, which ends from then on where it is told. */
const write = <E>(
  sql: SqlClient,
  writer: Writer,
  entries: ReadonlyArray<EventEntry>,
  endOf: (log: Log) => Effect.Effect<End, E>
) =>
  Effect.gen(function* () {
    const { cameraId } = writer
    const log = yield* lockLog(sql, writer)
    yield* check(cameraId, log, entries)
    const { epoch, sequence: lastSequence } = yield* endOf(log)
    yield* checkWritten(
      sql,
      cameraId,
      entries.filter(({ sequence }) => sequence <= log.lastSequence)
    )
    const fresh = entries.filter(({ sequence }) => sequence > log.lastSequence)
    if (fresh.length > 0) yield* soon(sql`insert into events ${sql.insert(fresh.map(toRow))}`)
    yield* soon(sql`update camera_epochs set epoch = ${epoch}, last_sequence = ${lastSequence} where camera_id = ${cameraId}`)
  })

const make = Effect.gen(function* () {
  const database = yield* Database

  const ends = yield* makeTogether((cameras: ReadonlyArray<CameraId>) =>
    database.system("read the ends of logs", (sql) =>
      Effect.map(
        lastly(sql<{ readonly camera_id: CameraId; readonly last_sequence: string; readonly published_sequence: string }>`
          select camera_id, last_sequence, published_sequence from camera_epochs where camera_id in ${idsIn(sql, cameras)}`),
        (rows) =>
          new Map(
            rows.map((row) => [row.camera_id, { stored: Number(row.last_sequence), published: Number(row.published_sequence) }])
          )
      )
    )
  )

  return EventStore.of({
    append: (cameraId, entries) =>
      Effect.gen(function* () {
        const first = entries[0]
        if (first === undefined) return
        const { epoch, event } = first
        yield* database.tenant("append events", event.customerId, (sql) =>
          write(sql, { cameraId, tenantId: event.customerId, epoch }, entries, (log) => endWith(log, entries))
        )
      }),

    adopt: (cameraId, entries, { epoch, sequence, tenantId }) =>
      database.tenant("adopt events", tenantId, (sql) => {
        const first = entries[0]?.epoch ?? epoch
        return write(sql, { cameraId, tenantId, epoch: first }, entries, ({ epoch: current, lastSequence }) =>
          first < current
            ? Effect.fail(new StaleEpoch({ cameraId, epoch: first, current }))
            : Effect.succeed({ epoch, sequence: Math.max(lastSequence, sequence) })
        )
      }),

    progress: (cameraId) =>
      Effect.map(
        ends(cameraId),
        Option.getOrElse(() => ({ stored: 0, published: 0 }))
      ),

    after: (cameraId, sequence, limit) =>
      database.system("read events to publish", (sql) =>
        Effect.flatMap(
          sql<EventRow>`select * from events where camera_id = ${cameraId} and sequence > ${sequence}
            order by sequence limit ${limit}`,
          Effect.forEach(toEntry)
        )
      ),

    markPublished: (cameraId, sequence) =>
      database.system("mark events as published", (sql) =>
        Effect.asVoid(
          sql`update camera_epochs set published_sequence = ${sequence}
            where camera_id = ${cameraId} and published_sequence < ${sequence}`
        )
      ),

    unpublished: (age) =>
      database.system("look for unpublished events", (sql) =>
        Effect.map(
          sql<{ readonly camera_id: string }>`select e.camera_id from camera_epochs e
            join lateral (select recorded_at from events where camera_id = e.camera_id and sequence > e.published_sequence
              order by sequence limit 1) as next on next.recorded_at < now() - make_interval(secs => ${age / 1000})
            where e.published_sequence < e.last_sequence`,
          (rows) => rows.map(({ camera_id }) => CameraId.make(camera_id))
        )
      ),

    query: (tenant, query) =>
      database.tenant("query events", tenant, (sql) =>
        Effect.gen(function* () {
          const rows = yield* sql<EventRow>`select * from events where ${yield* conditions(sql, query)}
            order by occurred_at desc, event_id desc limit ${query.limit + 1}`
          const events = yield* Effect.forEach(rows.slice(0, query.limit), toEntry)
          const last = events.at(-1)
          return last === undefined || rows.length <= query.limit
            ? { events }
            : { events, nextCursor: eventCursors.format(query, cursorOf(last)) }
        })
      ),

    get: (tenant, eventId) =>
      database.tenant("read event", tenant, (sql) =>
        sql<EventRow>`select * from events where event_id = ${eventId}`.pipe(
          Effect.flatMap((rows) => one(rows, eventId)),
          Effect.flatMap(toEntry)
        )
      ),

    change: (tenant, eventId, change) =>
      database.tenant("change event", tenant, (sql) =>
        Effect.gen(function* () {
          const row = yield* one(
            yield* sql<EventRow>`select * from events where event_id = ${eventId} for no key update`,
            eventId
          )
          const { changes, entry } = yield* changeEvent(yield* toEntry(row), change)
          if (changes.length === 0) return entry
          yield* soon(sql`update events set ${sql.update(remarksOf(entry))} where event_id = ${eventId}`)
          yield* writeOutbox(sql, [eventChanged(entry, yield* DateTime.now)])
          yield* writeAudits(sql, tenant, changes)
          return entry
        })
      )
  })
})

export const layerEventStorePostgres: Layer.Layer<EventStore, never, Database> = Layer.effect(EventStore, make)
