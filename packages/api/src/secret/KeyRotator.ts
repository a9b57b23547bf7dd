import type { SqlClient } from "@effect/sql/SqlClient"
import { keysRotated } from "@vigil/core/AuditChanges"
import { type KeyRotation, KeyRotationRefused } from "@vigil/core/KeyRotation"
import type { TenantId } from "@vigil/core/Ids"
import { KeyRotator } from "@vigil/core/port/KeyRotator"
import { Effect, Layer, Option, Stream } from "effect"
import { writeAudit } from "../database/AuditStorePostgres.js"
import { Database } from "../database/Database.js"
import { keyMark, type SecretKey } from "./KeyRing.js"
import { MasterKey, type MasterKeyError } from "./MasterKey.js"
import { type SealedColumn, sealedColumns } from "./SealedColumns.js"
import { rewrap } from "./SecretBox.js"

/** Secrets that are wrapped anew in one transaction. */
const batch = 100

/** Before every id. */
const noId = "00000000-0000-0000-0000-000000000000"

interface BoxRow {
  readonly id: string
  readonly box: Uint8Array
}

const refused = ({ message }: MasterKeyError) => new KeyRotationRefused({ detail: message })

const make = Effect.gen(function* () {
  const database = yield* Database
  const ring = yield* MasterKey

  /** Boxes by the key they are under; direct ones count as under none, because they have no data key yet. */
  const counts = database.system("count secrets", (sql) =>
    Effect.map(
      Effect.forEach(sealedColumns, ({ column, table }) =>
        sql.unsafe<{ readonly mark: string; readonly direct: boolean; readonly count: string }>(
          `select encode(substring(${column} from 2 for 4), 'hex') as mark, get_byte(${column}, 0) = 1 as direct, count(*)
           from ${table} where ${column} is not null group by 1, 2`
        )
      ),
      (columns) => columns.flat()
    )
  )

  const batchOf = (sql: SqlClient, { column, table }: SealedColumn, mark: string, after: string) =>
    sql.unsafe<BoxRow>(
      `select id, ${column} as box from ${table} where ${column} is not null and id > $1
         and (get_byte(${column}, 0) = 1 or encode(substring(${column} from 2 for 4), 'hex') <> $2)
       order by id limit ${batch} for no key update`,
      [after, mark]
    )

  /** The next batch: where it ends, and how many of it could be opened. */
  const wrapBatch = (sealed: SealedColumn, to: SecretKey, after: string) =>
    database.system("wrap keys anew", (sql) =>
      Effect.gen(function* () {
        const rows = yield* batchOf(sql, sealed, keyMark(to), after)
        const wrapped = yield* Effect.forEach(rows, ({ box, id }) =>
          rewrap(ring, to, sealed.owner(id), box).pipe(
            Effect.flatMap((fresh) => sql.unsafe(`update ${sealed.table} set ${sealed.column} = $1 where id = $2`, [fresh, id])),
            Effect.as(true),
            Effect.catchTag("SecretUnreadable", ({ detail }) =>
              Effect.as(Effect.logWarning(`${sealed.table} ${id}: ${detail}`), false)
            )
          )
        )
        const last = rows.at(-1)?.id
        return {
          last,
          done: wrapped.filter(Boolean).length,
          unreadable: wrapped.filter((isDone) => !isDone).length
        }
      })
    )

  const status = Effect.map(counts, (found) => {
    const next = ring.next()
    const marks = [...new Set(found.map(({ mark }) => mark))].sort()
    const ofMark = (key: string) => found.reduce((sum, { count, mark }) => (mark === key ? sum + Number(count) : sum), 0)
    return {
      current: keyMark(ring.current()),
      next: next === undefined ? null : keyMark(next),
      secrets: marks.map((key) => ({ key, count: ofMark(key) }))
    }
  })

  const begin = Effect.gen(function* () {
    yield* Effect.mapError(ring.reload, refused)
    const to = ring.next() ?? ring.current()
    const key = keyMark(to)
    const found = yield* counts
    const count = (those: typeof found) => those.reduce((sum, one) => sum + Number(one.count), 0)
    const total = count(found)
    const done = count(found.filter(({ direct, mark }) => !direct && mark === key))
    if (ring.next() === undefined && done === total) {
      return yield* new KeyRotationRefused({
        detail: "there is no new key: put it in the file key.next in the data folder of each node, or in VIGIL_KEY_NEXT"
      })
    }
    return {
      to,
      from: keyMark(ring.current()),
      total,
      done,
      unreadable: 0,
      column: 0,
      after: noId,
      isLast: false,
      promoted: false
    }
  })

  type Progress = Effect.Effect.Success<typeof begin>

  const told = ({ done, promoted, to, total, unreadable }: Progress, finished: boolean): KeyRotation => ({
    key: keyMark(to),
    done,
    // What was added meanwhile is under one of the keys too.
    total: Math.max(total, done),
    unreadable,
    finished,
    environment: finished && !promoted
  })

  /** All is under the new key: it becomes the current one, and then it is looked once more for what was stored meanwhile. */
  const turn = (progress: Progress) =>
    Effect.map(Effect.mapError(ring.promote, refused), (promoted) => ({
      ...progress,
      promoted,
      unreadable: 0,
      column: 0,
      after: noId,
      isLast: true
    }))

  const audit = (tenant: TenantId, { done, from, to, unreadable }: Progress) =>
    database.system("note the rotation", (sql) =>
      writeAudit(sql, tenant, keysRotated(from, keyMark(to), { secrets: done, unreadable }))
    )

  const goOn = (tenant: TenantId, progress: Progress) =>
    Effect.gen(function* () {
      const sealed = sealedColumns[progress.column]
      if (sealed !== undefined) {
        const { done, last, unreadable } = yield* wrapBatch(sealed, progress.to, progress.after)
        const after = last ?? noId
        const column = last === undefined ? progress.column + 1 : progress.column
        const next = { ...progress, column, after, done: progress.done + done, unreadable: progress.unreadable + unreadable }
        return [told(next, false), Option.some(next)] as const
      }
      if (!progress.isLast) {
        const next = yield* turn(progress)
        return [told(next, false), Option.some(next)] as const
      }
      yield* audit(tenant, progress)
      return [told(progress, true), Option.none<Progress>()] as const
    })

  return KeyRotator.of({
    status,
    rotate: (tenant) =>
      Stream.unwrap(Effect.map(begin, (progress) => Stream.paginateEffect(progress, (state) => goOn(tenant, state))))
  })
})

export const layerKeyRotator: Layer.Layer<KeyRotator, never, Database | MasterKey> = Layer.effect(KeyRotator, make)
