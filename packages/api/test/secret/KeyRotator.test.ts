import { describe, expect, it, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { layerStores } from "@vigil/api/Persistence"
import { sealedColumns } from "@vigil/api/secret/SealedColumns"
import { createKeyFile, layerMasterKey, MasterKey, nextKeyFile } from "@vigil/api/secret/MasterKey"
import { keyMark, type SecretKey } from "@vigil/api/secret/KeyRing"
import { AuditQuery } from "@vigil/core/AuditEntry"
import type { Camera } from "@vigil/core/Camera"
import { defaultTenant } from "@vigil/core/Ids"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { DiscoveryStore } from "@vigil/core/port/DiscoveryStore"
import { KeyRotator } from "@vigil/core/port/KeyRotator"
import { Chunk, ConfigProvider, Context, Effect, Fiber, Layer, Option, Redacted, Schema, Stream } from "effect"
import { randomBytes } from "node:crypto"
import { access, copyFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { EmbeddedDatabase, layerEmbeddedStores } from "../EmbeddedDatabase.js"
import { newCamera, newDiscovery } from "../Samples.js"
import { temporaryFolder } from "../TemporaryFolder.js"

const aKey = (): SecretKey => Redacted.make(new Uint8Array(randomBytes(32)))

const textOf = (key: SecretKey) => Buffer.from(Redacted.value(key)).toString("base64")

const rotate = Effect.flatMap(KeyRotator, (rotator) =>
  Effect.map(Stream.runCollect(rotator.rotate(defaultTenant)), Chunk.toReadonlyArray)
)

const withPassword = (n: number) => newCamera({ name: `Camera ${n}`, url: `rtsp://user:secret-${n}@192.0.2.7/${n}` })

const passwordOf = ({ id }: Camera) =>
  Effect.flatMap(CameraStore, (store) =>
    Effect.map(store.secrets(id), ({ credentials }) => Redacted.value(Option.getOrThrow(credentials).password))
  )

const exists = (file: string) =>
  Effect.promise(() =>
    access(file).then(
      () => true,
      () => false
    )
  )

const expectAllReadable = (cameras: ReadonlyArray<Camera>) =>
  Effect.forEach(cameras, (camera, n) => Effect.map(passwordOf(camera), (password) => expect(password).toBe(`secret-${n}`)), {
    discard: true
  })

describe("the rotation of the master key", () => {
  layer(layerEmbeddedStores, { timeout: 60_000, excludeTestServices: true })((it) => {
    it.scoped("puts every secret under the new key, while they are read, and changes no camera", () =>
      Effect.gen(function* () {
        const { connection, folder } = yield* EmbeddedDatabase
        const store = yield* CameraStore
        const { status } = yield* KeyRotator
        const cameras = yield* store.createMany(
          defaultTenant,
          Array.from({ length: 250 }, (_, n) => withPassword(n))
        )
        yield* store.create(defaultTenant, newCamera())
        const before = yield* status
        expect(before).toEqual({ current: before.current, next: null, secrets: [{ key: before.current, count: 250 }] })
        expect((yield* Effect.flip(rotate)).message).toContain("there is no new key")

        const fresh = aKey()
        yield* createKeyFile(nextKeyFile(folder), fresh)
        const reading = yield* Effect.fork(Effect.forever(expectAllReadable(cameras.slice(0, 20))))
        const progress = yield* rotate
        expect(Option.isNone(yield* Fiber.poll(reading)), "secrets were read all the time").toBe(true)
        yield* Fiber.interrupt(reading)
        expect(progress.slice(0, 3).map(({ done }) => done)).toEqual([100, 200, 250])
        const end = { key: keyMark(fresh), done: 250, total: 250, unreadable: 0, finished: true, environment: false }
        expect(progress.at(-1)).toEqual(end)
        expect(yield* status).toEqual({ current: keyMark(fresh), next: null, secrets: [{ key: keyMark(fresh), count: 250 }] })
        yield* expectAllReadable(cameras)
        expect(yield* Effect.forEach(cameras, ({ id }) => store.get(defaultTenant, id))).toEqual(cameras)

        expect(yield* exists(nextKeyFile(folder))).toBe(false)
        for (const name of ["key", "key.previous"]) {
          expect((yield* Effect.promise(() => stat(join(folder, name)))).mode & 0o777).toBe(0o600)
        }
        const query = Schema.decodeSync(AuditQuery)({ action: "keys.rotate" })
        expect((yield* (yield* AuditStore).query(defaultTenant, query)).entries).toMatchObject([
          { before: { key: before.current }, after: { key: keyMark(fresh), secrets: 250, unreadable: 0 } }
        ])
        const elsewhere = yield* temporaryFolder
        yield* Effect.promise(() => copyFile(join(folder, "key"), join(elsewhere, "key")))
        yield* expectAllReadable(cameras.slice(0, 3)).pipe(Effect.provide(layerStores(connection, elsewhere)))
      })
    )

    it.scoped("is taken up where it was interrupted, both keys good meanwhile", () =>
      Effect.gen(function* () {
        const { connection, folder } = yield* EmbeddedDatabase
        const cameras = (yield* (yield* CameraStore).list(defaultTenant)).filter(({ hasCredentials }) => hasCredentials)
        yield* createKeyFile(nextKeyFile(folder), aKey())
        const { rotate: rotating, status } = yield* KeyRotator
        yield* Stream.runDrain(Stream.take(rotating(defaultTenant), 1))
        const half = yield* status
        expect(half.secrets.map(({ count }) => count).sort((a, b) => a - b)).toEqual([100, 150])
        yield* Effect.forEach(cameras, passwordOf, { discard: true })
        const restarted = yield* Layer.build(layerStores(connection, folder))
        yield* Effect.forEach(cameras, passwordOf, { discard: true }).pipe(Effect.provide(restarted))
        const progress = yield* rotate.pipe(Effect.provide(restarted))
        expect(progress[0]).toMatchObject({ done: 200, total: 250 })
        expect((yield* Context.get(restarted, KeyRotator).status).secrets).toEqual([{ key: half.next, count: 250 }])
        yield* Effect.forEach(cameras, passwordOf, { discard: true })
      })
    )

    it.scoped("puts what is in addresses, of cameras and of found devices, under the new key, too", () =>
      Effect.gen(function* () {
        const { folder } = yield* EmbeddedDatabase
        const store = yield* CameraStore
        const url = "http://192.0.2.7/?pwd=geheim"
        const { id } = yield* store.create(defaultTenant, newCamera({ url }))
        const discoveries = yield* DiscoveryStore
        const device = { key: "a", kind: "rtsp", address: "a", name: "a", needsCredentials: false, streams: [{ url }] } as const
        const discovery = yield* newDiscovery({ devices: [device] })
        yield* discoveries.add(discovery)
        const fresh = aKey()
        yield* createKeyFile(nextKeyFile(folder), fresh)
        const { secrets } = yield* Effect.flatMap(KeyRotator, ({ status }) => status)
        const total = secrets.reduce((sum, { count }) => sum + count, 0)
        expect((yield* rotate).at(-1)).toMatchObject({ done: total, unreadable: 0, finished: true })
        expect((yield* Effect.flatMap(KeyRotator, ({ status }) => status)).secrets).toEqual([
          { key: keyMark(fresh), count: total }
        ])
        expect(Redacted.value(Option.getOrThrow((yield* store.secrets(id)).address))).toBe(url)
        expect(yield* discoveries.whole(defaultTenant, discovery.id)).toEqual(discovery)
      })
    )

    it.effect("knows every column that may hold a secret", () =>
      Effect.gen(function* () {
        /** Hashes of tokens and of the trail; kept answers, which live a day; models that tenants sent. */
        const others = /^(.*\.(.*_)?hash|idempotency_keys\.answer|model_parts\.data)$/
        const rows = yield* (yield* Database).system(
          "list columns",
          (sql) => sql<{ readonly name: string }>`select table_name || '.' || column_name as name
            from information_schema.columns where table_schema = 'public' and data_type = 'bytea' order by 1`
        )
        const sealed = rows.map(({ name }) => name).filter((name) => !others.test(name))
        expect(sealed).toEqual(sealedColumns.map(({ column, table }) => `${table}.${column}`).sort())
      })
    )
  })
})

const withEnvironment = (entries: Record<string, string>) =>
  Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(entries))))

describe("master keys of the environment", () => {
  it.scoped("are replaced where they are set, not by the program", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const [old, fresh] = [aKey(), aKey()]
      const both = { VIGIL_KEY: textOf(old), VIGIL_KEY_NEXT: textOf(fresh) }
      const ring = yield* MasterKey.pipe(Effect.provide(layerMasterKey(folder)), withEnvironment(both))
      expect([keyMark(ring.current()), ring.next() && keyMark(ring.next() ?? old)]).toEqual([keyMark(old), keyMark(fresh)])
      expect(yield* ring.promote).toBe(false)
      expect([keyMark(ring.current()), ring.next()]).toEqual([keyMark(fresh), undefined])
      expect(ring.find(keyMark(old))).toBeDefined()
      const done = yield* MasterKey.pipe(
        Effect.provide(layerMasterKey(folder)),
        withEnvironment({ VIGIL_KEY: textOf(fresh), VIGIL_KEY_NEXT: textOf(fresh) })
      )
      expect(done.next()).toBeUndefined()
      expect(yield* exists(join(folder, "key"))).toBe(false)
    })
  )
})
