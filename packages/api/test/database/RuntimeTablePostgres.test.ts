import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { ManagerId } from "@vigil/core/CameraManager"
import type { WorkerReport } from "@vigil/core/CameraRuntime"
import { type CameraId, defaultTenant, Epoch } from "@vigil/core/Ids"
import { NodeName } from "@vigil/core/Node"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { RuntimeTable } from "@vigil/core/port/RuntimeTable"
import { Effect } from "effect"
import { layerEmbeddedStores } from "../EmbeddedDatabase.js"
import { newCamera } from "../Samples.js"

const manager = { id: ManagerId.make(crypto.randomUUID()), cluster: "vigil", node: NodeName.make("node-a") }

const report = (cameraId: CameraId, epoch: number): WorkerReport => ({
  cameraId,
  worker: "actor",
  podName: "node-a",
  epoch: Epoch.make(epoch),
  workerStatus: "running",
  healthStatus: "healthy",
  healthInfo: {},
  errorCount: 0,
  lastError: null,
  alert: false
})

const add = Effect.flatMap(CameraStore, (store) => Effect.map(store.create(defaultTenant, newCamera()), ({ id }) => id))

/** Which version of each row is there: another one after every write of it. */
const versions = Effect.flatMap(Database, (database) =>
  Effect.map(
    database.system("look", (sql) =>
      sql.unsafe<{ readonly camera_id: string; readonly version: string }>(
        "select camera_id, ctid::text || ' ' || xmin::text as version from camera_runtime"
      )
    ),
    (rows) => new Map(rows.map(({ camera_id, version }) => [camera_id, version]))
  )
)

describe("RuntimeTablePostgres", () => {
  layer(layerEmbeddedStores, { excludeTestServices: true })((it) => {
    it.effect(
      "refuses an actor's row from the moment that a newer actor has taken its epoch, though it has written nothing yet",
      () =>
        Effect.gen(function* () {
          const [store, table, id] = [yield* CameraStore, yield* RuntimeTable, yield* add]
          const first = yield* store.takeEpoch(id)
          expect(yield* table.report(manager, [report(id, first)])).toEqual([])
          const second = yield* store.takeEpoch(id)
          expect(yield* table.report(manager, [report(id, first)])).toEqual([id])
          expect(yield* table.report(manager, [report(id, second)])).toEqual([])
        })
    )

    it.effect("writes none of the rows that have not changed", () =>
      Effect.gen(function* () {
        const table = yield* RuntimeTable
        const ids = yield* Effect.replicateEffect(add, 30)
        yield* table.report(
          manager,
          ids.map((id) => report(id, 1))
        )
        const before = yield* versions
        yield* table.report(manager, [])
        expect(yield* versions).toEqual(before)
        const [changed] = ids
        if (changed === undefined) return yield* Effect.die("no camera")
        yield* table.report(manager, [{ ...report(changed, 1), errorCount: 1 }])
        const after = yield* versions
        const differ = [...after].filter(([id, version]) => before.get(id) !== version).map(([id]) => id)
        expect(differ).toEqual([changed])
      })
    )

    it.effect("writes all of a batch or, where the database refuses one row, none", () =>
      Effect.gen(function* () {
        const table = yield* RuntimeTable
        const [good, bad] = [yield* add, yield* add]
        const error = yield* Effect.flip(
          table.report(manager, [report(good, 1), { ...report(bad, 1), lastError: "a \u0000 that no text of PostgreSQL has" }])
        )
        expect(error).toMatchObject({ _tag: "StoreUnavailable" })
        expect((yield* table.list(defaultTenant)).rows.filter(({ cameraId }) => cameraId === good)).toEqual([])
      })
    )
  })
})
