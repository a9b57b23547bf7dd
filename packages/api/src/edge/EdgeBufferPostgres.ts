import type { SqlClient } from "@effect/sql/SqlClient"
import { Camera } from "@vigil/core/Camera"
import { recordedAddress } from "@vigil/core/CameraRecord"
import type { AssignedCamera, EdgeAssignment } from "@vigil/core/EdgeAssignment"
import { CameraId, type EdgeId } from "@vigil/core/Ids"
import { EdgeBuffer, EdgeFolderTaken } from "@vigil/core/port/EdgeBuffer"
import { settingsChanged } from "@vigil/core/settings/SettingChange"
import { InheritedSettings } from "@vigil/core/settings/SettingLevels"
import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { columns, tellCamerasChanged } from "../database/CameraRow.js"
import { Database } from "../database/Database.js"
import { writeLicence } from "../database/LicencesPostgres.js"
import { keepModels } from "../database/ModelStorePostgres.js"
import { writeOutbox } from "../database/OutboxPostgres.js"
import { MasterKey } from "../secret/MasterKey.js"
import { sealCamera } from "../secret/SealedCamera.js"

/** Above every sequence that there will be: rows wait there while others take their numbers. */
const aside = 1_000_000_000_000

const forgottenAtOnce = 5000

const encodeInherited = Schema.encodeSync(InheritedSettings)

/** The folder's first edge owns it. */
const claim = (sql: SqlClient, { edge, tenant }: EdgeAssignment) =>
  Effect.gen(function* () {
    yield* sql`insert into tenants (id, name) values (${tenant.id}, ${tenant.name}) on conflict (id) do nothing`
    yield* sql`insert into edge_home (edge_id, tenant_id) values (${edge.id}, ${tenant.id}) on conflict do nothing`
    const [home] = yield* sql<{ readonly edge_id: EdgeId }>`select edge_id from edge_home`
    if (home !== undefined && home.edge_id !== edge.id) {
      return yield* new EdgeFolderTaken({ edgeId: edge.id, owner: home.edge_id })
    }
  })

/**
 * The camera's log goes on above the centre's. The cursor may not pass what is stored here and perhaps not there, nor stand where the centre does not
 * reach, as after it was restored from a backup.
 */
const raise = (sql: SqlClient, { camera, epoch, sequence }: AssignedCamera) =>
  Effect.gen(function* () {
    const { id, tenantId } = camera
    yield* sql`insert into camera_epochs (camera_id, tenant_id, epoch, last_sequence, published_sequence)
      values (${id}, ${tenantId}, ${epoch}, ${sequence}, ${sequence})
      on conflict (camera_id) do update set epoch = greatest(camera_epochs.epoch, excluded.epoch),
        last_sequence = greatest(camera_epochs.last_sequence, excluded.last_sequence)`
    yield* sql`insert into edge_cursors (camera_id, delivered) values (${id}, ${sequence})
      on conflict (camera_id) do update set delivered = case
        when excluded.delivered < edge_cursors.delivered then excluded.delivered
        else least(excluded.delivered, coalesce((select min(sequence) - 1 from events
          where camera_id = ${id} and sequence > edge_cursors.delivered), excluded.delivered)) end`
  })

/** What the cameras inherit is kept too: they begin with it while the centre is away. */
const inherit = (sql: SqlClient, { settings, tenant }: EdgeAssignment) =>
  Effect.gen(function* () {
    const kept = settings === undefined ? null : JSON.stringify(encodeInherited(settings))
    const changed = yield* sql`update edge_home set settings = ${kept}::jsonb
      where settings is distinct from ${kept}::jsonb returning edge_id`
    if (changed.length > 0) yield* writeOutbox(sql, [settingsChanged(tenant.id, "system", yield* DateTime.now)])
  })

/** The edge looks after it too, while the centre is away as well. Where it sets limits, those of models and time are what matters here. */
const license = (sql: SqlClient, { licence, tenant }: EdgeAssignment) =>
  licence === undefined ? Effect.void : writeLicence(sql, tenant.id, licence)

const make = Effect.gen(function* () {
  const database = yield* Database
  const key = yield* MasterKey

  /** Here it is a camera of this node. */
  const put = (sql: SqlClient, { camera, credentials }: AssignedCamera) =>
    Effect.gen(function* () {
      const { address, url } = recordedAddress(camera.url)
      const row = {
        ...columns({ camera: Camera.make({ ...camera, url, edge: null }) }),
        ...sealCamera(key, camera.id, { credentials: Option.fromNullable(credentials), address })
      }
      const changed = yield* sql`insert into cameras ${sql.insert({
        ...row,
        id: camera.id,
        tenant_id: camera.tenantId,
        created_at: DateTime.toDateUtc(camera.createdAt)
      })} on conflict (id) do update set ${sql.update(row)} where cameras.revision <> ${camera.revision} returning id`
      if (changed.length > 0) yield* tellCamerasChanged(sql)
    })

  return EdgeBuffer.of({
    adopt: (assignment) =>
      database.system("adopt the assignment", (sql) =>
        Effect.gen(function* () {
          yield* claim(sql, assignment)
          yield* inherit(sql, assignment)
          yield* license(sql, assignment)
          yield* keepModels(sql, assignment)
          yield* Effect.forEach(assignment.cameras, (assigned) => Effect.zipRight(raise(sql, assigned), put(sql, assigned)), {
            discard: true
          })
          const kept = JSON.stringify(assignment.cameras.map(({ camera }) => camera.id))
          const gone = yield* sql<{ readonly id: CameraId }>`delete from cameras
            where id not in (select value::uuid from jsonb_array_elements_text(${kept}::jsonb)) returning id`
          if (gone.length > 0) yield* tellCamerasChanged(sql)
        })
      ),

    undelivered: database.system("look for undelivered events", (sql) =>
      Effect.map(
        sql<{
          readonly camera_id: string
          readonly delivered: string
          readonly events: string
          readonly oldest: Date
        }>`select l.camera_id, c.delivered, l.last_sequence - next.sequence + 1 as events, next.recorded_at as oldest
          from camera_epochs l
          join edge_cursors c on c.camera_id = l.camera_id
          join cameras k on k.id = l.camera_id
          cross join lateral (select sequence, recorded_at from events
            where camera_id = l.camera_id and sequence > c.delivered order by sequence limit 1) as next
          where l.last_sequence > c.delivered
          order by next.recorded_at`,
        (rows) =>
          rows.map(({ camera_id, delivered, events, oldest }) => ({
            cameraId: CameraId.make(camera_id),
            delivered: Number(delivered),
            events: Number(events),
            oldest: DateTime.unsafeFromDate(oldest)
          }))
      )
    ),

    forget: (days) =>
      database.system("forget delivered events", (sql) =>
        Effect.map(
          sql`delete from events where event_id in (
            select e.event_id from events e join edge_cursors c on c.camera_id = e.camera_id
            where e.sequence <= c.delivered and e.recorded_at < now() - make_interval(days => ${days}::int)
            limit ${forgottenAtOnce}) returning 1`,
          ({ length }) => length === forgottenAtOnce
        )
      ),

    delivered: (camera, sequence) =>
      database.system("note what was delivered", (sql) =>
        Effect.asVoid(
          sql`update edge_cursors set delivered = ${sequence} where camera_id = ${camera} and delivered < ${sequence}`
        )
      ),

    follow: (camera, { epoch, sequence }) =>
      database.system("number undelivered events anew", (sql) =>
        Effect.gen(function* () {
          // Whoever appends waits for this row, and then finds its epoch over.
          yield* sql`select epoch from camera_epochs where camera_id = ${camera} for no key update`
          const behind = yield* sql`update edge_cursors set delivered = ${sequence}
            where camera_id = ${camera} and delivered > ${sequence} returning camera_id`
          if (behind.length > 0) return
          const waiting = sql`camera_id = ${camera} and sequence > (select delivered from edge_cursors where camera_id = ${camera})`
          const [first] = yield* sql<{ readonly at: string | null }>`select min(sequence) as at from events where ${waiting}`
          const shift = sequence + 1 - Number(first?.at ?? sequence + 1)
          yield* sql`update camera_epochs set epoch = greatest(epoch, ${epoch}::bigint) + 1,
            last_sequence = greatest(last_sequence + ${shift}::bigint, ${sequence}::bigint),
            published_sequence = greatest(published_sequence + ${shift}::bigint, 0) where camera_id = ${camera}`
          yield* sql`update events set sequence = sequence + ${aside}::bigint,
            epoch = (select epoch from camera_epochs where camera_id = ${camera}) where ${waiting}`
          yield* sql`update events set sequence = sequence - ${aside}::bigint + ${shift}::bigint
            where camera_id = ${camera} and sequence > ${aside}::bigint`
          yield* sql`update edge_cursors set delivered = ${sequence} where camera_id = ${camera}`
        })
      )
  })
})

export const layerEdgeBufferPostgres: Layer.Layer<EdgeBuffer, never, Database | MasterKey> = Layer.effect(EdgeBuffer, make)
