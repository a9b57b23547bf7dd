import { describe, expect, it, layer } from "@effect/vitest"
import { layerStores } from "@vigil/api/Persistence"
import { type ConnectionOptions, openPool, toUrl } from "@vigil/api/database/Connection"
import { migrate, migrations } from "@vigil/api/database/Migrations"
import { chooseUser, commandPrefix } from "@vigil/api/database/UnprivilegedUser"
import { defaultTenant, PlaceId } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { PlaceStore } from "@vigil/core/port/PlaceStore"
import { Effect, Redacted, Schedule } from "effect"
import { execFile, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { chmod, chown, mkdir } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { EmbeddedDatabase, newDatabase } from "../EmbeddedDatabase.js"
import { newCamera } from "../Samples.js"
import { temporaryFolder } from "../TemporaryFolder.js"

const run = promisify(execFile)

const emptyDatabase = Effect.flatMap(EmbeddedDatabase, ({ connection }) => newDatabase(connection, "template1"))

const applied = (connection: ConnectionOptions) =>
  Effect.scoped(
    Effect.flatMap(openPool(connection, { server: 0, client: 0 }, 1), (sql) =>
      Effect.map(sql<{ readonly id: number }>`select id from schema_migrations order by id`, (rows) => rows.map(({ id }) => id))
    )
  )

const note = (id: number, table: string) => ({ id, name: `adds ${table}`, statements: [`create table ${table} (n int)`] })

describe("migrations", () => {
  layer(EmbeddedDatabase.layerEmpty, { excludeTestServices: true })((it) => {
    it.effect("are numbered in order", () =>
      Effect.sync(() => {
        const ids = migrations.map(({ id }) => id)
        expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
      })
    )

    it.effect("run once where many nodes start at the same time", () =>
      Effect.gen(function* () {
        const to = yield* emptyDatabase
        yield* Effect.replicateEffect(migrate(to), 6, { concurrency: "unbounded" })
        expect(yield* applied(to)).toEqual(migrations.map(({ id }) => id))
      })
    )

    it.effect("run at the same time in two databases of one server, which share the roles", () =>
      Effect.gen(function* () {
        const databases = yield* Effect.replicateEffect(emptyDatabase, 3)
        yield* Effect.forEach(databases, (to) => migrate(to), { concurrency: "unbounded" })
      })
    )

    it.effect("make a camera's own settings of what its form says and everybody's does not", () =>
      Effect.gen(function* () {
        const { folder } = yield* EmbeddedDatabase
        const to = yield* emptyDatabase
        yield* migrate(
          to,
          migrations.filter(({ id }) => id < 12)
        )
        const forms = [
          { segment: { duration: 5, overlap: 0 }, detection: { framesPerSecond: 5, gate: "motion" } },
          { segment: { duration: 3, overlap: 0 }, detection: { model: "yolox-nano", framesPerSecond: 5, gate: "always" } }
        ]
        yield* Effect.scoped(
          Effect.gen(function* () {
            const sql = yield* openPool(to, { server: 0, client: 0 }, 1)
            for (const [index, form] of forms.entries()) {
              const configuration = {
                transport: "auto",
                tls: { mode: "system" },
                enabled: true,
                zones: [],
                lines: [],
                analytics: []
              }
              yield* sql`insert into cameras (id, tenant_id, name, configuration, revision, created_at, updated_at)
                values (${crypto.randomUUID()}, ${defaultTenant}, ${`Camera ${index}`},
                  ${JSON.stringify({ ...configuration, ...form, url: "rtsp://192.0.2.7/1" })}::jsonb, 1, now(), now())`
            }
          })
        )
        const cameras = yield* Effect.provide(
          Effect.flatMap(CameraStore, ({ list }) => list(defaultTenant)),
          layerStores(to, folder)
        )
        expect(cameras.map(({ settings }) => settings)).toEqual([
          {},
          { "segment.duration": 3, "detection.model": "yolox-nano", "detection.gate": "always" }
        ])
        expect(cameras).toMatchObject(forms)
      })
    )

    it.effect("go forward from an older structure, each whole or not at all", () =>
      Effect.gen(function* () {
        const to = yield* emptyDatabase
        yield* migrate(to, [note(1, "a")])
        const broken = { id: 3, name: "breaks", statements: ["create table c (n int)", "create table a (n int)"] }
        const error = yield* Effect.flip(migrate(to, [note(1, "a"), note(2, "b"), broken]))
        expect(error.message).toMatch(/step 3 \(breaks\): relation "a" already exists/)
        expect(yield* applied(to)).toEqual([1, 2])
        yield* migrate(to, [note(1, "a"), note(2, "b"), note(3, "c")])
        expect(yield* applied(to)).toEqual([1, 2, 3])
      })
    )

    it.effect("refuse a database that a newer program wrote, and change nothing", () =>
      Effect.gen(function* () {
        const to = yield* emptyDatabase
        yield* migrate(to, [note(1, "a"), note(2, "b")])
        const error = yield* Effect.flip(migrate(to, [note(1, "a")]))
        expect(error.message).toMatch(/it has step 2 \(adds b\), which this program does not know/)
        const other = yield* Effect.flip(migrate(to, [{ ...note(1, "a"), name: "another history" }, note(2, "b"), note(3, "c")]))
        expect(other.message).toMatch(/step 1/)
        expect(yield* applied(to)).toEqual([1, 2])
      })
    )

    it.effect("say what is wrong where the server is not there", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(migrate(toUrl(Redacted.make("postgres://u:hunter2@127.0.0.1:1/none"))))
        expect(error.message).toMatch(/ECONNREFUSED/)
        expect(error.message).not.toContain("hunter2")
      })
    )
  })
})

const debian = "/usr/lib/postgresql/15/bin"

/** Debian's PostgreSQL 15 on TCP, with a login that owns its database but is no superuser. */
const externalServer = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  const data = join(folder, "data")
  const account = yield* chooseUser(data)
  const isRoot = process.getuid?.() === 0
  const prefix = isRoot ? yield* commandPrefix(account, [folder]) : []
  yield* Effect.promise(async () => {
    await mkdir(data)
    await chmod(folder, 0o755)
    if (isRoot) await Promise.all([chown(data, account.uid, account.gid), chown(folder, account.uid, account.gid)])
    const [command, ...args] = [
      ...prefix,
      `${debian}/initdb`,
      "-D",
      data,
      "-U",
      "postgres",
      "--auth=trust",
      "--no-sync",
      "-E",
      "UTF8"
    ]
    await run(command, args, { cwd: "/" })
  })
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const [command, ...args] = [
        ...prefix,
        `${debian}/postgres`,
        "-D",
        data,
        "-p",
        String(port),
        "-k",
        folder,
        "-c",
        "listen_addresses=127.0.0.1",
        "-F"
      ]
      return spawn(command, args, { stdio: "ignore", cwd: "/" })
    }),
    (child) =>
      Effect.async<void>((resume) => {
        child.once("exit", () => resume(Effect.void))
        child.kill("SIGINT")
      })
  )
  const admin = toUrl(Redacted.make(`postgres://postgres@127.0.0.1:${port}/postgres`))
  yield* Effect.scoped(
    Effect.gen(function* () {
      const sql = yield* openPool(admin, { server: 0, client: 0 }, 1)
      yield* sql`create role vigil login createrole password 'pass word'`
      yield* sql`create database vigil owner vigil`
    })
  ).pipe(Effect.retry({ times: 100, schedule: Schedule.spaced("100 millis") }))
  return { folder, url: Redacted.make(`postgres://vigil:pass%20word@127.0.0.1:${port}/vigil`) }
})

/** A site of the time before places had revisions. */
const siteWithout = (connection: ConnectionOptions) =>
  Effect.scoped(
    Effect.gen(function* () {
      const sql = yield* openPool(connection, { server: 0, client: 0 }, 1)
      const id = PlaceId.make(crypto.randomUUID())
      yield* sql.withTransaction(
        Effect.zipRight(
          sql`set local role vigil_system`,
          sql`insert into places (id, tenant_id, kind, name, parent_id, created_at)
            values (${id}, ${defaultTenant}, 'site', 'Old', null, now())`
        )
      )
      return id
    })
  )

describe("an external server", () => {
  it.scopedLive.skipIf(!existsSync(debian))(
    "of PostgreSQL 15 works with a login that is no superuser",
    () =>
      Effect.gen(function* () {
        const { folder, url } = yield* externalServer
        const beforeRevisions = migrations.filter(({ id }) => id < 20)
        yield* migrate(toUrl(url), beforeRevisions)
        const site = yield* siteWithout(toUrl(url))
        yield* Effect.gen(function* () {
          const place = yield* (yield* PlaceStore).get(defaultTenant, site)
          expect(place.revision).toBe(1)
          expect(place.updatedAt).toEqual(place.createdAt)
          const store = yield* CameraStore
          const { id } = yield* store.create(defaultTenant, newCamera())
          expect((yield* store.get(defaultTenant, id)).name).toBe("Gate")
          expect(yield* store.takeEpoch(id)).toBe(1)
        }).pipe(Effect.provide(layerStores(toUrl(url), folder)))
      }),
    120_000
  )
})
