import type { SqlClient } from "@effect/sql/SqlClient"
import { CameraId } from "@vigil/core/Ids"
import { PlacementOverride, PlacementRefusal, PlacementStore } from "@vigil/core/port/PlacementStore"
import { Config, type ConfigError, Effect, Layer, Schema } from "effect"
import { changeFeed } from "./ChangeFeed.js"
import { Database } from "./Database.js"
import { lastly } from "./Transaction.js"

const channel = "vigil_placement"
const pollInterval = 5000

const decodeOverrides = Schema.decodeUnknown(Schema.Array(PlacementOverride))
const decodeRefusals = Schema.decodeUnknown(Schema.Array(PlacementRefusal))

interface OverrideRow {
  readonly camera_id: string
  readonly node: string
  readonly moves: number
  readonly moved_at: Date
}

interface RefusalRow {
  readonly camera_id: string
  readonly node: string
  readonly reason: string
  readonly at: Date
}

const toOverrides = (rows: ReadonlyArray<OverrideRow>) =>
  decodeOverrides(
    rows.map(({ camera_id, moved_at, moves, node }) => ({
      cameraId: camera_id,
      node,
      moves,
      movedAt: moved_at.toISOString()
    }))
  )

const toRefusals = (rows: ReadonlyArray<RefusalRow>) =>
  decodeRefusals(rows.map(({ at, camera_id, node, reason }) => ({ cameraId: camera_id, node, reason, at: at.toISOString() })))

const make = (cluster: string) =>
  Effect.gen(function* () {
    const database = yield* Database

    const list = (cameras: ReadonlyArray<CameraId>) => JSON.stringify(cameras)

    const tell = (sql: SqlClient) => sql`select pg_notify(${channel}, ${cluster})`

    const fingerprint = database.system("look for changed placement", (sql) =>
      Effect.map(
        lastly(sql<{ readonly mark: string }>`select concat_ws(' ',
          (select concat_ws(' ', count(*), max(moved_at)) from placement_overrides where cluster = ${cluster}),
          (select concat_ws(' ', count(*), max(at)) from placement_refusals where cluster = ${cluster})) as mark`),
        ([row]) => row?.mark ?? ""
      )
    )

    return PlacementStore.of({
      overrides: database.system("list placement", (sql) =>
        Effect.flatMap(
          lastly(sql<OverrideRow>`select camera_id, node, moves, moved_at from placement_overrides where cluster = ${cluster}`),
          toOverrides
        )
      ),

      place: (cameras, node) =>
        cameras.length === 0
          ? Effect.void
          : database.system("place cameras", (sql) =>
              sql`insert into placement_overrides as kept (cluster, camera_id, node, moves, moved_at)
                select ${cluster}, id, ${node}, 1, clock_timestamp() from cameras
                where id in (select value::uuid from jsonb_array_elements_text(${list(cameras)}::jsonb)) order by id
                on conflict (cluster, camera_id) do update
                set node = excluded.node, moves = kept.moves + 1, moved_at = excluded.moved_at`.pipe(Effect.zipRight(tell(sql)))
            ),

      withdraw: (cameras, node) =>
        cameras.length === 0
          ? Effect.succeed([])
          : database.system("withdraw placement", (sql) =>
              sql<{ readonly camera_id: string }>`delete from placement_overrides
                where cluster = ${cluster} and node = ${node}
                and camera_id in (select value::uuid from jsonb_array_elements_text(${list(cameras)}::jsonb))
                returning camera_id`.pipe(
                Effect.zipLeft(tell(sql)),
                Effect.map((rows) => rows.map(({ camera_id }) => CameraId.make(camera_id)))
              )
            ),

      refusals: database.system("list refused cameras", (sql) =>
        Effect.flatMap(
          lastly(
            sql<RefusalRow>`select camera_id, node, reason, at from placement_refusals where cluster = ${cluster} order by at, camera_id`
          ),
          toRefusals
        )
      ),

      refuse: (node, refused) =>
        database.system("record refused cameras", (sql) =>
          Effect.gen(function* () {
            const given = JSON.stringify(refused)
            yield* sql`delete from placement_refusals where cluster = ${cluster} and node = ${node}
              and camera_id not in (select (value ->> 'cameraId')::uuid from jsonb_array_elements(${given}::jsonb))`
            yield* sql`insert into placement_refusals as kept (cluster, camera_id, node, reason, at)
              select ${cluster}, cameras.id, ${node}, given.reason, clock_timestamp()
              from jsonb_to_recordset(${given}::jsonb) as given ("cameraId" uuid, reason text)
              join cameras on cameras.id = given."cameraId" order by cameras.id
              on conflict (cluster, camera_id, node) do update set reason = excluded.reason, at = excluded.at
              where kept.reason <> excluded.reason`
            yield* tell(sql)
          })
        ),

      accept: (cameras) =>
        cameras.length === 0
          ? Effect.void
          : database.system("clear refused cameras", (sql) =>
              sql`delete from placement_refusals where cluster = ${cluster}
                and camera_id in (select value::uuid from jsonb_array_elements_text(${list(cameras)}::jsonb))`.pipe(
                Effect.zipRight(tell(sql))
              )
            ),

      changes: yield* changeFeed(database.connection, channel, fingerprint, pollInterval)
    })
  })

/** Placement in the cluster of this name; by `VIGIL_CLUSTER` where none is given. */
export const layerPlacementStorePostgres = (cluster?: string): Layer.Layer<PlacementStore, ConfigError.ConfigError, Database> =>
  Layer.scoped(
    PlacementStore,
    Effect.flatMap(
      cluster === undefined ? Config.withDefault(Config.string("VIGIL_CLUSTER"), "vigil") : Effect.succeed(cluster),
      make
    )
  )
