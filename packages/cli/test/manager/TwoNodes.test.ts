import { toUrl } from "@vigil/api/database/Connection"
import { layerStores } from "@vigil/api/Persistence"
import { describe, expect, it } from "@effect/vitest"
import { NewCamera } from "@vigil/core/Camera"
import { managerStatus } from "@vigil/core/CameraManager"
import { agedAt, type CameraRuntime } from "@vigil/core/CameraRuntime"
import { defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { RuntimeTable } from "@vigil/core/port/RuntimeTable"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { hasPostgres, startPostgresServer } from "@vigil/fixtures/peer/PostgresServer"
import { ConfigProvider, Effect, Layer, Redacted, Schedule, Schema } from "effect"
import { join } from "node:path"
import { runningVigil, temporaryFolder } from "../Vigil.js"

const key = Buffer.alloc(32, 7).toString("base64")
const count = 12

type Rows = ReadonlyArray<CameraRuntime>

/** The table as it is to be read now. */
const readTable = Effect.gen(function* () {
  const { at, rows } = yield* (yield* RuntimeTable).list(defaultTenant)
  return rows.map((row) => agedAt(row, at))
})

/** The table, once it is as expected. */
const until = (what: string, holds: (rows: Rows) => boolean) =>
  readTable.pipe(
    Effect.filterOrFail(holds, () => new Error(`never: ${what}`)),
    Effect.retry(Schedule.spaced("200 millis").pipe(Schedule.upTo("2 minutes")))
  )

const nodesOf = (rows: Rows) => [...new Set(rows.map(({ podName }) => podName))].sort((a, b) => a.localeCompare(b))

const isManaged = ({ healthStatus, workerStatus }: CameraRuntime) => workerStatus === "error" && healthStatus === "degraded"

describe.skipIf(!hasNatsServer || !hasPostgres)("runtime table of two nodes [needs nats-server and postgresql]", () => {
  it.scopedLive(
    "a node that is killed leaves its rows to the others, which write them with their actors' higher epochs",
    () =>
      Effect.gen(function* () {
        const { url: nats } = yield* startNatsServer()
        const { url: database } = yield* startPostgresServer
        const folder = yield* temporaryFolder
        const stores = yield* Layer.build(layerStores(toUrl(Redacted.make(database)), folder)).pipe(
          Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["VIGIL_KEY", key]])))
        )
        const start = (name: string) =>
          runningVigil(["node", "--name", name, "--roles", "camera"], {
            VIGIL_NATS_URL: nats,
            VIGIL_DATABASE_URL: database,
            VIGIL_KEY: key,
            VIGIL_DATA: join(folder, name)
          })
        const body = Effect.gen(function* () {
          const store = yield* CameraStore
          const table = yield* RuntimeTable
          // Nothing answers at these addresses: what is watched here are workers that fail.
          for (let index = 0; index < count; index++) {
            const camera = yield* Schema.decode(NewCamera)({ name: `camera-${index}`, url: `rtsp://127.0.0.1:1/${index}` })
            yield* store.create(defaultTenant, camera)
          }
          const first = yield* start("north")
          yield* start("south")
          const before = yield* until(
            "both nodes have written their rows",
            (rows) => rows.length === count && rows.every(isManaged) && nodesOf(rows).length === 2
          )
          const rowsOfFirst = before.filter(({ podName }) => podName === "north")
          first.process.kill("SIGKILL")
          const after = yield* until(
            "the other node has taken over",
            (rows) => rows.every(({ podName }) => podName === "south") && rows.every(isManaged)
          )
          for (const row of rowsOfFirst) {
            const taken = after.find(({ cameraId }) => cameraId === row.cameraId)
            expect(taken?.epoch).toBeGreaterThan(row.epoch)
            expect(taken?.startedAt.epochMillis).toBeGreaterThan(row.startedAt.epochMillis)
          }
          const { at, rows } = yield* table.list(defaultTenant)
          expect(managerStatus(yield* table.managers, rows, at)).toMatchObject({ isRunning: true, workerCount: count })
        })
        yield* Effect.provide(body, stores)
      }),
    400_000
  )
})
