import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { databaseHealth } from "@vigil/api/database/DatabaseHealth"
import { defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Effect, Fiber, Schedule, Stream } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { EmbeddedDatabase, layerStoresOver } from "../EmbeddedDatabase.js"
import { newCamera } from "../Samples.js"

const serverPid = Effect.flatMap(EmbeddedDatabase, ({ folder }) =>
  Effect.promise(async () => Number((await readFile(join(folder, "postgres", "data", "postmaster.pid"), "utf8")).split("\n")[0]))
)

/** Processes of the server, its first one included. */
const family = (pid: number) =>
  Effect.promise(async () => {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")
    return [
      pid,
      ...children
        .trim()
        .split(" ")
        .filter((text) => text !== "")
        .map(Number)
    ]
  })

const signal = (name: "SIGSTOP" | "SIGCONT" | "SIGKILL") => (pid: number) => Effect.sync(() => process.kill(pid, name))

describe("when the database is away", () => {
  layer(layerStoresOver(EmbeddedDatabase.layerServer), { excludeTestServices: true })((it) => {
    it.effect(
      "a hung server costs seconds, not for ever, and the next call after it works",
      () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          yield* store.list(defaultTenant)
          const pids = yield* family(yield* serverPid)
          yield* Effect.forEach(pids, signal("SIGSTOP"))
          const health = yield* databaseHealth
          const outcome = yield* Effect.all(
            { list: Effect.flip(store.list(defaultTenant)), health: health.check },
            { concurrency: 2 }
          ).pipe(Effect.timeout("60 seconds"), Effect.ensuring(Effect.forEach(pids, signal("SIGCONT"))))
          expect(outcome.list).toMatchObject({ _tag: "StoreUnavailable", operation: "list cameras" })
          expect(outcome.health).toMatchObject({ component: "database", status: "fail" })
          yield* store.list(defaultTenant).pipe(Effect.retry(Schedule.spaced("200 millis")), Effect.timeout("60 seconds"))
          expect(yield* health.check).toMatchObject({ status: "pass" })
        }),
      120_000
    )

    it.effect(
      "a killed server is started again, nothing that was written is lost, changes are told again",
      () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const camera = yield* store.create(defaultTenant, newCamera())
          yield* signal("SIGKILL")(yield* serverPid)
          // Its other processes may answer for some milliseconds more.
          const failure = yield* store
            .get(defaultTenant, camera.id)
            .pipe(Effect.forever, Effect.flip, Effect.timeout("60 seconds"))
          expect(failure._tag).toBe("StoreUnavailable")
          const back = yield* store
            .get(defaultTenant, camera.id)
            .pipe(Effect.retry(Schedule.spaced("100 millis")), Effect.timeout("60 seconds"))
          expect(back).toEqual(camera)
          const told = yield* store.changes.pipe(Stream.take(1), Stream.runDrain, Effect.fork)
          yield* Effect.repeat(store.update(defaultTenant, camera.id, { name: "Again" }), {
            until: () => told.unsafePoll() !== null,
            schedule: Schedule.spaced("500 millis")
          }).pipe(Effect.timeout("60 seconds"))
          yield* Fiber.join(told)
        }),
      120_000
    )

    it.effect("a cut connection fails its own work only", () =>
      Effect.gen(function* () {
        const database = yield* Database
        const cut = yield* Effect.flip(
          database.system("cut", (sql) =>
            Effect.zipRight(sql`select set_config('role', 'none', true)`, sql`select pg_terminate_backend(pg_backend_pid())`)
          )
        )
        expect(cut._tag).toBe("StoreUnavailable")
        expect(yield* database.system("ask", (sql) => sql<{ readonly one: number }>`select 1 as one`)).toEqual([{ one: 1 }])
      })
    )

    it.effect(
      "a listener whose connection is cut listens again",
      () =>
        Effect.gen(function* () {
          const database = yield* Database
          const store = yield* CameraStore
          const asLogin = (sql: import("@effect/sql/SqlClient").SqlClient) => sql`select set_config('role', 'none', true)`
          const listeners = database.system("find listeners", (sql) =>
            Effect.zipRight(
              asLogin(sql),
              sql<{ readonly pid: number }>`select pid from pg_stat_activity where query ilike 'listen%' or query = 'select 1'`
            )
          )
          yield* Effect.repeat(listeners, { until: (rows) => rows.length > 0, schedule: Schedule.spaced("100 millis") })
          const [before] = yield* listeners
          yield* database.system("cut listeners", (sql) =>
            Effect.zipRight(asLogin(sql), sql`select pg_terminate_backend(${before?.pid ?? 0})`)
          )
          yield* Effect.repeat(listeners, {
            until: (rows) => rows.length > 0 && rows.every(({ pid }) => pid !== before?.pid),
            schedule: Schedule.spaced("100 millis")
          }).pipe(Effect.timeout("60 seconds"))
          const told = yield* store.changes.pipe(Stream.take(1), Stream.runDrain, Effect.fork)
          yield* Effect.sleep("100 millis")
          yield* store.create(defaultTenant, newCamera())
          yield* Fiber.join(told).pipe(Effect.timeout("60 seconds"))
        }),
      120_000
    )
  })
})
