/**
 * Changes of cameras and their removal, each in the transaction of others: what cannot be done to one camera is told with it and keeps none of the others.
 *
 * @module
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import { cameraDeleted, cameraUpdated } from "@vigil/core/AuditChanges"
import type { AuditChange } from "@vigil/core/AuditEntry"
import type { CameraMessage } from "@vigil/core/BusMessage"
import type { Camera, CameraPatch } from "@vigil/core/Camera"
import { messagesOfChange, messagesOfRemoval } from "@vigil/core/CameraLifecycle"
import { type CameraRecord, revisedRecord, revisionConflict } from "@vigil/core/CameraRecord"
import type { CameraId, TenantId } from "@vigil/core/Ids"
import type { LicenceRefused } from "@vigil/core/Licence"
import { type CameraChange, CameraNotFound, type CameraRemoval } from "@vigil/core/port/CameraStore"
import { Array, DateTime, Effect, Either, Option } from "effect"
import type { KeyRing } from "../secret/KeyRing.js"
import { sealCamera, unsealCamera } from "../secret/SealedCamera.js"
import { writeAudits } from "./AuditStorePostgres.js"
import { type CameraRow, columns, tellCamerasChanged, toCamera, toCameras } from "./CameraRow.js"
import { missingSurroundings } from "./CameraSurroundings.js"
import type { Database } from "./Database.js"
import { refusalOfMore } from "./LicencesPostgres.js"
import { writeOutbox } from "./OutboxPostgres.js"
import { withinReach } from "./Reach.js"
import { idsIn } from "./Together.js"
import { lastly, soon } from "./Transaction.js"

/** What became of each camera. */
type Outcomes<A, E> = ReadonlyMap<CameraId, Either.Either<A, E>>

const idOf = ({ id }: { readonly id: CameraId }) => id

/** What became of the only one. */
const only = <A, E>(outcomes: Outcomes<A, E>, id: CameraId) =>
  outcomes.get(id) ?? Either.left(new CameraNotFound({ cameraId: id }))

interface Held {
  readonly row: CameraRow
  readonly camera: Camera
}

/** Cameras that are to change, held until the end of the transaction, by everybody in the same order. */
const hold = (sql: SqlClient, wanted: ReadonlyArray<{ readonly id: CameraId }>) =>
  Effect.gen(function* () {
    const rows =
      yield* sql<CameraRow>`select * from cameras where id in ${idsIn(sql, wanted.map(idOf))} order by id for no key update`
    const held = new Map<CameraId, Held>()
    for (const row of rows) held.set(row.id, { row, camera: yield* toCamera(row) })
    return held
  })

interface Revised {
  readonly before: CameraRecord
  readonly after: CameraRecord
  /** None where nothing changed: then `after` is what was before. */
  readonly messages: ReadonlyArray<CameraMessage>
  readonly told: AuditChange
}

/** How many enabled cameras more there are by a change. */
const enabledBy = ({ after, before }: Revised): number => Number(after.camera.enabled) - Number(before.camera.enabled)

/** In their order, as many as the licence allows are switched on. */
const withinLicence = <E>(sql: SqlClient, tenant: TenantId, changes: ReadonlyArray<Either.Either<Revised, E>>) =>
  Effect.gen(function* () {
    const isAsked = Array.getRights(changes).some((one) => enabledBy(one) > 0)
    const refusal = isAsked ? yield* refusalOfMore(sql, tenant) : () => Option.none()
    let more = 0
    return changes.map(
      Either.flatMap((one): Either.Either<Revised, LicenceRefused> => {
        const refused = enabledBy(one) > 0 ? refusal(more + enabledBy(one)) : Option.none()
        if (Option.isSome(refused)) return Either.left(refused.value)
        more += enabledBy(one)
        return Either.right(one)
      })
    )
  })

const hexadecimal = (bytes: Uint8Array | null) => (bytes === null ? null : `\\x${Buffer.from(bytes).toString("hex")}`)

const updateRows = (sql: SqlClient, key: KeyRing, records: ReadonlyArray<CameraRecord>) => {
  const rows = records.map((record) => {
    const { id } = record.camera
    const { address, credentials } = sealCamera(key, id, record)
    return { id, ...columns(record), credentials: hexadecimal(credentials), address: hexadecimal(address) }
  })
  return sql`update cameras c set name = n.name, configuration = n.configuration::jsonb, revision = n.revision,
      updated_at = n.updated_at, credentials = n.credentials, address = n.address
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as n (id uuid, name text, configuration text, revision integer,
      updated_at timestamptz, credentials bytea, address bytea)
    where c.id = n.id`
}

/** What follows from changes goes with them, and with the end of the transaction. */
const writeChanges = (sql: SqlClient, key: KeyRing, tenant: TenantId, changes: ReadonlyArray<Revised>) =>
  Effect.gen(function* () {
    yield* tellCamerasChanged(sql)
    yield* writeOutbox(
      sql,
      changes.flatMap(({ messages }) => messages)
    )
    yield* writeAudits(
      sql,
      tenant,
      changes.map(({ told }) => told)
    )
    const records = changes.map(({ after }) => after)
    yield* lastly(updateRows(sql, key, records)).pipe(withinReach("camera"))
  })

/** Whatever still runs of cameras that are removed finds its epoch over. */
const endEpochs = (sql: SqlClient, tenant: TenantId, ids: ReadonlyArray<CameraId>) =>
  sql`insert into camera_epochs (camera_id, tenant_id, epoch)
    select id, ${tenant}, 1 from ${idsIn(sql, ids)} as gone (id) order by id
    on conflict (camera_id) do update set epoch = camera_epochs.epoch + 1`

/** Removes up to so many cameras of a tenant that is going, without a word in its trail for each; answers how many. */
export const removeCameraRows = (sql: SqlClient, tenant: TenantId, most: number) =>
  Effect.gen(function* () {
    const rows = yield* sql<CameraRow>`delete from cameras
      where id in (select id from cameras where tenant_id = ${tenant} limit ${most}) returning *`
    const cameras = yield* toCameras(rows)
    yield* endEpochs(sql, tenant, cameras.map(idOf))
    const now = yield* DateTime.now
    yield* writeOutbox(
      sql,
      cameras.flatMap((camera) => messagesOfRemoval(camera, now))
    )
    return rows.length
  })

const writeRemovals = (sql: SqlClient, tenant: TenantId, cameras: ReadonlyArray<Camera>) =>
  Effect.gen(function* () {
    const ids = cameras.map(idOf)
    const now = yield* DateTime.now
    yield* soon(endEpochs(sql, tenant, ids))
    yield* tellCamerasChanged(sql)
    yield* writeOutbox(
      sql,
      cameras.flatMap((camera) => messagesOfRemoval(camera, now))
    )
    yield* writeAudits(sql, tenant, cameras.map(cameraDeleted))
    yield* lastly(sql`delete from cameras where id in ${idsIn(sql, ids)}`)
  })

/** Cameras that one transaction changes: so many take a few tenths of a second, in which nobody else changes them. */
const changedAtOnce = 200

/**
 * Makes changes of different cameras in few transactions. Where one fails as a whole, each of its changes is made by itself, unless that is because the
 * database is not there.
 */
const inFew = <C extends { readonly id: CameraId }, A, E, F extends { readonly _tag: string }>(
  changes: ReadonlyArray<C>,
  make: (some: ReadonlyArray<C>) => Effect.Effect<Outcomes<A, E>, F>
): Effect.Effect<Outcomes<A, E | F>> => {
  const makeSome = (some: ReadonlyArray<C>): Effect.Effect<Outcomes<A, E | F>> =>
    Effect.catchAll(make(some), (error) =>
      some.length > 1 && error._tag !== "StoreUnavailable"
        ? inTurn(some.map((one) => [one]))
        : Effect.succeed(new Map(some.map(({ id }) => [id, Either.left(error)])))
    )
  const inTurn = (parts: ReadonlyArray<ReadonlyArray<C>>) =>
    Effect.map(Effect.forEach(parts, makeSome), (outcomes) => new Map(outcomes.flatMap((some) => [...some])))
  return inTurn(Array.chunksOf(changes, changedAtOnce))
}

/** The part of the camera store that changes and removes. */
export const makeCameraChanges = (database: typeof Database.Service, key: KeyRing) => {
  const updateSome = (tenant: TenantId, changes: ReadonlyArray<CameraChange>) =>
    database.tenant("change cameras", tenant, (sql) =>
      Effect.gen(function* () {
        const held = yield* hold(sql, changes)
        const missing = yield* missingSurroundings(
          sql,
          changes.map(({ patch }) => patch)
        )
        const now = yield* DateTime.now
        const revised = ({ expectedRevision, id, patch }: CameraChange) =>
          Effect.gen(function* () {
            const { camera, row } = held.get(id) ?? (yield* new CameraNotFound({ cameraId: id }))
            const lacking = missing(patch)
            if (lacking !== undefined) return yield* lacking
            const before = { camera, ...(yield* unsealCamera(key, row, "change cameras")) }
            const after = yield* revisedRecord(before, patch, now, expectedRevision)
            const told = cameraUpdated(before, after)
            const messages = messagesOfChange(before, after, told)
            return { before, after: messages.length === 0 ? before : after, messages, told }
          })
        const wanted = yield* Effect.forEach(changes, (change) => Effect.either(revised(change)))
        const outcomes = yield* withinLicence(sql, tenant, wanted)
        const made = Array.getRights(outcomes).filter(({ messages }) => messages.length > 0)
        if (made.length > 0) yield* writeChanges(sql, key, tenant, made)
        return new Map(Array.zip(changes.map(idOf), outcomes.map(Either.map(({ after }) => after.camera))))
      })
    )

  const removeSome = (tenant: TenantId, removals: ReadonlyArray<CameraRemoval>) =>
    database.tenant("remove cameras", tenant, (sql) =>
      Effect.gen(function* () {
        const held = yield* hold(sql, removals)
        const unchanged = ({ expectedRevision, id }: CameraRemoval) =>
          Effect.gen(function* () {
            const { camera } = held.get(id) ?? (yield* new CameraNotFound({ cameraId: id }))
            const conflict = revisionConflict(camera, expectedRevision)
            return conflict === undefined ? camera : yield* conflict
          })
        const outcomes = yield* Effect.forEach(removals, (removal) => Effect.either(unchanged(removal)))
        const going = Array.getRights(outcomes)
        if (going.length > 0) yield* writeRemovals(sql, tenant, going)
        return new Map(Array.zip(removals.map(idOf), outcomes.map(Either.map(() => undefined))))
      })
    )

  return {
    update: (tenant: TenantId, id: CameraId, patch: CameraPatch, expectedRevision?: number) =>
      Effect.flatMap(updateSome(tenant, [{ id, patch, expectedRevision }]), (done) => only(done, id)),
    updateMany: (tenant: TenantId, changes: ReadonlyArray<CameraChange>) => inFew(changes, (some) => updateSome(tenant, some)),
    remove: (tenant: TenantId, id: CameraId, expectedRevision?: number) =>
      Effect.flatMap(removeSome(tenant, [{ id, expectedRevision }]), (done) => only(done, id)),
    removeMany: (tenant: TenantId, removals: ReadonlyArray<CameraRemoval>) => inFew(removals, (some) => removeSome(tenant, some))
  }
}
