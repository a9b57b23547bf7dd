import type { SqlClient } from "@effect/sql/SqlClient"
import { cameraCreated } from "@vigil/core/AuditChanges"
import type { Camera, NewCamera } from "@vigil/core/Camera"
import { cameraCursor, cameraCursors, cameraPage } from "@vigil/core/CameraQuery"
import { messagesOfCreation } from "@vigil/core/CameraLifecycle"
import { type CameraRecord, freshCamera, isBackAlready, newRecord } from "@vigil/core/CameraRecord"
import { type CameraId, Epoch, type TenantId } from "@vigil/core/Ids"
import { CameraNotFound, type CameraOutline, CameraStore } from "@vigil/core/port/CameraStore"
import type { ComingBack } from "@vigil/core/Rollback"
import { Array, DateTime, Effect, Layer, Option, Schema } from "effect"
import { MasterKey } from "../secret/MasterKey.js"
import { sealCamera, type SealedCamera, unsealCamera } from "../secret/SealedCamera.js"
import { writeAudit, writeAudits } from "./AuditStorePostgres.js"
import { makeCameraChanges } from "./CameraChanges.js"
import { makeCameraMemory } from "./CameraMemory.js"
import { countStatement, pageStatement } from "./CameraQueryPostgres.js"
import { cameraChannel, cameraOf, type CameraRow, columns, tellCamerasChanged, toCamera, toCameras } from "./CameraRow.js"
import { checkEdge, checkSurroundings } from "./CameraSurroundings.js"
import { changeFeed } from "./ChangeFeed.js"
import { isDuplicate } from "./Connection.js"
import { Database } from "./Database.js"
import { requireCameras } from "./LicencesPostgres.js"
import { writeOutbox } from "./OutboxPostgres.js"
import { checkPlace } from "./PlaceStorePostgres.js"
import { overWholeTenant, withinReach } from "./Reach.js"
import { isServed } from "./ServedTenants.js"
import { idsIn, makeTogether } from "./Together.js"
import { lastly } from "./Transaction.js"

const pollInterval = 5000

/** Cameras that one statement adds. */
const insertSize = 200

const parseConfiguration = Schema.decode(Schema.parseJson(Schema.Object))

const isAt = (sql: SqlClient, urls: ReadonlyArray<string>) =>
  sql`configuration ->> 'url' in (select jsonb_array_elements_text(${JSON.stringify(urls)}::jsonb))`

const make = Effect.gen(function* () {
  const database = yield* Database
  const key = yield* MasterKey

  const fromList = makeCameraMemory((row) =>
    Effect.flatMap(parseConfiguration(row.configuration), (configuration) => cameraOf(row, configuration))
  )

  const sealedOf = yield* makeTogether((ids: ReadonlyArray<CameraId>) =>
    database.system("read secrets", (sql) =>
      Effect.map(
        lastly(sql<SealedCamera>`select id, credentials, address from cameras where id in ${idsIn(sql, ids)}`),
        (rows) => new Map(rows.map((row) => [row.id, row]))
      )
    )
  )

  // In order: two nodes that take many at a time must not wait for each other's rows.
  const nextEpoch = yield* makeTogether((ids: ReadonlyArray<CameraId>) =>
    database.system("take epochs", (sql) =>
      Effect.map(
        lastly(sql<{
          readonly camera_id: CameraId
          readonly epoch: string
        }>`insert into camera_epochs (camera_id, tenant_id, epoch)
          select id, tenant_id, 1 from cameras where id in ${idsIn(sql, ids)} order by id
          on conflict (camera_id) do update set epoch = greatest(camera_epochs.epoch, camera_epochs.reported_epoch) + 1
          returning camera_id, epoch`),
        (rows) => new Map(rows.map((row) => [row.camera_id, Epoch.make(Number(row.epoch))]))
      )
    )
  )

  const insert = (sql: SqlClient, tenant: TenantId, records: ReadonlyArray<CameraRecord>) =>
    Effect.gen(function* () {
      yield* sql`insert into cameras ${sql.insert(
        records.map((record) => ({
          ...columns(record),
          ...sealCamera(key, record.camera.id, record),
          id: record.camera.id,
          tenant_id: tenant,
          created_at: DateTime.toDateUtc(record.camera.createdAt)
        }))
      )}`.pipe(withinReach("camera"))
      yield* writeOutbox(sql, records.flatMap(messagesOfCreation))
    })

  const recordOf = (tenant: TenantId, { id, revision }: ComingBack<CameraId>, input: NewCamera) =>
    Effect.flatMap(DateTime.now, (now) => newRecord(tenant, id, input, now, revision))

  /** In the transaction of a camera that is added or comes back. */
  const add = (sql: SqlClient, tenant: TenantId, record: CameraRecord) =>
    checkSurroundings(sql, record.camera).pipe(
      Effect.zipRight(requireCameras(sql, tenant, record.camera.enabled ? 1 : 0)),
      Effect.zipRight(insert(sql, tenant, [record])),
      Effect.zipRight(tellCamerasChanged(sql)),
      Effect.zipRight(writeAudit(sql, tenant, cameraCreated(record))),
      Effect.as(record.camera)
    )

  const fingerprint = database.system("look for changed cameras", (sql) =>
    Effect.map(
      lastly(
        sql<{ readonly mark: string }>`select concat_ws(' ', count(*), sum(revision), max(updated_at)) as mark from cameras`
      ),
      ([row]) => row?.mark ?? ""
    )
  )

  return CameraStore.of({
    list: (tenant) =>
      database.tenant("list cameras", tenant, (sql) =>
        Effect.flatMap(sql<CameraRow>`select * from cameras order by name, id`, toCameras)
      ),

    page: (tenant, query, among) =>
      database.tenant("list cameras", tenant, (sql) =>
        Effect.gen(function* () {
          const statement = pageStatement(sql, tenant, query, { after: yield* cameraCursors.parse(query), among })
          const rows = yield* query.count ? statement : lastly(statement)
          const page = cameraPage(yield* Effect.forEach(rows, fromList), query, (camera, index) =>
            cameraCursor(camera, query.sort, rows[index]?.sort_name)
          )
          if (!query.count) return page
          const [counted] = yield* countStatement(sql, tenant, query, among)
          return { ...page, total: counted?.total ?? 0 }
        })
      ),

    atAddresses: (tenant, urls) =>
      urls.length === 0
        ? Effect.succeed([])
        : database.tenant(
            "list cameras",
            tenant,
            (sql) =>
              sql<Pick<Camera, "id" | "url">>`select id, configuration ->> 'url' as url from cameras where ${isAt(sql, urls)}`
          ),

    maskedAt: (tenant, urls) =>
      database.tenant("look for masked cameras", tenant, (sql) =>
        Effect.flatMap(
          overWholeTenant(
            sql,
            sql<CameraRow>`select * from cameras where ${isAt(sql, urls)} and configuration -> 'masks' <> '[]'`
          ),
          toCameras
        )
      ),

    get: (tenant, id) =>
      database.tenant("read camera", tenant, (sql) =>
        Effect.gen(function* () {
          const [row] = yield* lastly(sql<CameraRow>`select * from cameras where id = ${id}`)
          return yield* row === undefined ? new CameraNotFound({ cameraId: id }) : toCamera(row)
        })
      ),

    among: (tenant, ids) =>
      database.tenant("read cameras", tenant, (sql) =>
        Effect.flatMap(lastly(sql<CameraRow>`select * from cameras where id in ${idsIn(sql, ids)}`), toCameras)
      ),

    create: (tenant, input) =>
      Effect.flatMap(
        Effect.suspend(() => recordOf(tenant, freshCamera(), input)),
        (record) => database.tenant("add camera", tenant, (sql) => add(sql, tenant, record))
      ),

    restore: (tenant, back, input) =>
      Effect.flatMap(recordOf(tenant, back, input), (record) =>
        database.tenant("bring camera back", tenant, (sql) =>
          Effect.catchIf(add(sql, tenant, record), isDuplicate, () => isBackAlready(back))
        )
      ),

    createMany: (tenant, inputs) =>
      Effect.gen(function* () {
        const records = yield* Effect.forEach(inputs, (input) => recordOf(tenant, freshCamera(), input))
        const [first] = records
        if (first === undefined) return []
        return yield* database.tenant("add cameras", tenant, (sql) =>
          Effect.gen(function* () {
            yield* Effect.forEach(new Set(inputs.map(({ edge }) => edge)), (edge) => checkEdge(sql, edge), { discard: true })
            yield* Effect.forEach(new Set(inputs.map(({ placeId }) => placeId)), (id) => checkPlace(sql, id), { discard: true })
            yield* requireCameras(sql, tenant, records.filter(({ camera }) => camera.enabled).length)
            for (const some of Array.chunksOf(records, insertSize)) yield* insert(sql, tenant, some)
            yield* tellCamerasChanged(sql)
            yield* writeAudits(sql, tenant, records.map(cameraCreated))
            return records.map(({ camera }) => camera)
          })
        )
      }),

    ...makeCameraChanges(database, key),

    all: database.system("list all cameras", (sql) =>
      Effect.flatMap(sql<CameraRow>`select * from cameras order by name, id`, toCameras)
    ),

    outlines: database.system("list all cameras", (sql) =>
      lastly(sql<CameraOutline>`select id, tenant_id as "tenantId", revision, (configuration ->> 'enabled')::boolean as enabled
          from cameras where configuration ->> 'edge' is null
            and ${isServed(sql)}`)
    ),

    some: (ids) =>
      database.system("read cameras", (sql) =>
        Effect.flatMap(
          lastly(sql<CameraRow>`select * from cameras
            where id in ${idsIn(sql, ids)} order by name, id`),
          toCameras
        )
      ),

    changes: yield* changeFeed(database.connection, cameraChannel, fingerprint, pollInterval),

    secrets: (id) =>
      sealedOf(id).pipe(
        Effect.flatMap(Option.match({ onNone: () => new CameraNotFound({ cameraId: id }), onSome: Effect.succeed })),
        Effect.flatMap((row) => unsealCamera(key, row, "read secrets"))
      ),

    takeEpoch: (id) =>
      Effect.flatMap(nextEpoch(id), Option.match({ onNone: () => new CameraNotFound({ cameraId: id }), onSome: Effect.succeed }))
  })
})

export const layerCameraStorePostgres: Layer.Layer<CameraStore, never, Database | MasterKey> = Layer.scoped(CameraStore, make)
