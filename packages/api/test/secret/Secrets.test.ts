import { describe, expect, it, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { layerStores } from "@vigil/api/Persistence"
import { layerMasterKey, MasterKey } from "@vigil/api/secret/MasterKey"
import { type KeyRing, keyMark, type SecretKey } from "@vigil/api/secret/KeyRing"
import { rewrap, seal, unseal } from "@vigil/api/secret/SecretBox"
import { Camera } from "@vigil/core/Camera"
import { type CameraId, defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { ConfigProvider, Effect, Layer, Option, Redacted } from "effect"
import * as fc from "effect/FastCheck"
import { createCipheriv, randomBytes } from "node:crypto"
import { chmod, stat } from "node:fs/promises"
import { join } from "node:path"
import { EmbeddedDatabase, layerEmbeddedStores } from "../EmbeddedDatabase.js"
import { newCamera } from "../Samples.js"
import { temporaryFolder } from "../TemporaryFolder.js"

const aKey = (): SecretKey => Redacted.make(new Uint8Array(randomBytes(32)))

const ringOf = (...keys: ReadonlyArray<SecretKey>): KeyRing => ({
  current: () => keys[0] ?? aKey(),
  next: () => keys[1],
  find: (mark) => keys.find((key) => keyMark(key) === mark),
  reload: Effect.void,
  promote: Effect.succeed(true)
})

const newKey = () => ringOf(aKey())

/** A box as programs made it before there were data keys. */
const sealDirectly = (key: SecretKey, owner: string, secret: string) => {
  const nonce = randomBytes(12)
  const cipher = createCipheriv("aes-256-gcm", Redacted.value(key), nonce).setAAD(Buffer.from(owner))
  const sealed = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()])
  return Buffer.concat([Buffer.of(1), Buffer.from(keyMark(key), "hex"), nonce, sealed, cipher.getAuthTag()])
}

describe("a sealed secret", () => {
  it("opens with its key, for its owner, as it was", async () => {
    const key = newKey()
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), fc.string(), async (secret, owner) => {
        const box = seal(key, owner, secret)
        expect(Redacted.value(await Effect.runPromise(unseal(key, owner, box)))).toBe(secret)
        if (secret.length > 3) expect(Buffer.from(box).includes(secret)).toBe(false)
      })
    )
  })

  it("never opens changed, with another key, or for another owner", async () => {
    const key = newKey()
    const box = seal(key, "camera 1", "hunter2")
    const fails = (attempt: Effect.Effect<unknown, { readonly detail: string }>) => Effect.runPromise(Effect.flip(attempt))
    await fc.assert(
      fc.asyncProperty(fc.nat(box.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Uint8Array.from(box, (byte, index) => (index === at ? byte ^ change : byte))
        expect((await fails(unseal(key, "camera 1", changed))).detail).not.toContain("hunter2")
      })
    )
    expect((await fails(unseal(newKey(), "camera 1", box))).detail).toContain("another key")
    expect((await fails(unseal(key, "camera 2", box))).detail).toContain("belongs to something else")
    expect((await fails(unseal(key, "camera 1", box.subarray(0, 20)))).detail).toContain("damaged")
  })

  it("opens as older programs closed it", async () => {
    const key = aKey()
    const box = sealDirectly(key, "camera 1", "hunter2")
    expect(Redacted.value(await Effect.runPromise(unseal(ringOf(key), "camera 1", box)))).toBe("hunter2")
  })

  it("goes from one master key to another, the secret's own part untouched", async () => {
    const [old, fresh] = [aKey(), aKey()]
    const box = seal(ringOf(old), "camera 1", "hunter2")
    const moved = await Effect.runPromise(rewrap(ringOf(old), fresh, "camera 1", box))
    expect(Buffer.from(moved).subarray(65)).toEqual(Buffer.from(box).subarray(65))
    expect(Buffer.from(moved).subarray(1, 65)).not.toEqual(Buffer.from(box).subarray(1, 65))
    expect(Redacted.value(await Effect.runPromise(unseal(ringOf(fresh), "camera 1", moved)))).toBe("hunter2")
    const direct = sealDirectly(old, "camera 1", "hunter3")
    const enveloped = await Effect.runPromise(rewrap(ringOf(old), fresh, "camera 1", direct))
    expect(Redacted.value(await Effect.runPromise(unseal(ringOf(fresh), "camera 1", enveloped)))).toBe("hunter3")
    expect((await Effect.runPromise(Effect.flip(rewrap(ringOf(fresh), fresh, "camera 1", box)))).detail).toContain("another key")
  })

  it("is never the same twice", () => {
    const key = newKey()
    expect(seal(key, "a", "b")).not.toEqual(seal(key, "a", "b"))
  })
})

const withEnvironment = (entries: Record<string, string>) =>
  Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(entries))))

const keyIn = (folder: string) => Effect.provide(MasterKey, layerMasterKey(folder))

describe("the master key", () => {
  it.scoped("is made once, for its owner's eyes only", () =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "data")
      const keys = yield* Effect.replicateEffect(keyIn(folder), 5, { concurrency: "unbounded" })
      expect(new Set(keys.map((key) => keyMark(key.current()))).size).toBe(1)
      const file = join(folder, "key")
      expect((yield* Effect.promise(() => stat(file))).mode & 0o777).toBe(0o600)
      yield* Effect.promise(() => chmod(file, 0o644))
      expect((yield* Effect.flip(keyIn(folder))).message).toContain("chmod 600")
    }).pipe(withEnvironment({}))
  )

  it.scoped("comes from the environment where it is there, and must be one", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const text = Buffer.alloc(32, 7).toString("base64")
      const key = yield* keyIn(folder).pipe(withEnvironment({ VIGIL_KEY: text }))
      expect(Redacted.value(key.current())).toEqual(new Uint8Array(32).fill(7))
      const error = yield* Effect.flip(keyIn(folder)).pipe(withEnvironment({ VIGIL_KEY: "c2hvcnQ=" }))
      expect(error.message).toContain("expected 32 bytes in base64")
      expect(error.message).not.toContain("c2hvcnQ=")
    })
  )
})

describe("credentials in the database", () => {
  layer(layerEmbeddedStores, { timeout: 60_000, excludeTestServices: true })((it) => {
    it.scoped("are nowhere in clear, and unreadable without the key", () =>
      Effect.gen(function* () {
        const { connection, folder } = yield* EmbeddedDatabase
        const { id } = yield* (yield* CameraStore).create(
          defaultTenant,
          newCamera({ url: "rtsp://someuser:hunter2@192.0.2.7/1" })
        )
        const rows = yield* (yield* Database).system(
          "look",
          (sql) => sql<{ readonly row: string }>`select encode(credentials, 'escape') || cameras::text as row from cameras`
        )
        for (const { row } of rows) {
          expect(row).not.toContain("hunter2")
          expect(row).not.toContain("someuser")
        }
        const elsewhere = yield* Layer.build(layerStores(connection, join(folder, "elsewhere")))
        const error = yield* Effect.flip(
          Effect.flatMap(CameraStore, (store) => store.secrets(id)).pipe(Effect.provide(elsewhere))
        )
        expect(error.message).toMatch(/another key: bring back the key file/)
      })
    )

    it.scoped("of addresses that stand in clear are sealed at the next start, where nothing else changes", () =>
      Effect.gen(function* () {
        const { connection, folder } = yield* EmbeddedDatabase
        const store = yield* CameraStore
        const { system } = yield* Database
        const add = (url: string) => store.create(defaultTenant, newCamera({ url }))
        /** As programs of before wrote it, or know now what they did not take for a secret. */
        const write = (id: CameraId, url: string) =>
          system(
            "write",
            (sql) =>
              sql`update cameras set configuration = jsonb_set(configuration, '{url}', to_jsonb(${url}::text)) where id = ${id}`
          )
        const wholeOf = (id: CameraId) =>
          Effect.map(store.secrets(id), ({ address }) => Option.getOrUndefined(Option.map(address, Redacted.value)))
        const clear = yield* add("rtsp://192.0.2.7/1")
        yield* write(clear.id, "rtsp://192.0.2.7/user=ann_password=geheim_channel=1.sdp")
        const other = yield* add("http://192.0.2.8/?pwd=before")
        yield* write(other.id, "http://192.0.2.8/?pwd=geheim")
        const wider = yield* add("http://192.0.2.9/?pwd=geheim&token=geheim-too")
        yield* write(wider.id, "http://192.0.2.9/?pwd=***&token=geheim-too")
        const plain = yield* add("http://192.0.2.10/?channel=1")
        const unread = yield* store.get(defaultTenant, plain.id)

        const start = Effect.scoped(Layer.build(layerStores(connection, folder)))
        yield* start
        yield* start
        expect(yield* wholeOf(clear.id)).toBe("rtsp://192.0.2.7/user=ann_password=geheim_channel=1.sdp")
        expect(yield* store.get(defaultTenant, clear.id)).toEqual(
          Camera.make({ ...clear, url: "rtsp://192.0.2.7/user=***_password=***_channel=1.sdp" })
        )
        expect(yield* wholeOf(other.id)).toBe("http://192.0.2.8/?pwd=geheim")
        expect((yield* store.get(defaultTenant, wider.id)).url).toBe("http://192.0.2.9/?pwd=***&token=***")
        expect(yield* wholeOf(wider.id)).toBe("http://192.0.2.9/?pwd=geheim&token=geheim-too")
        expect(yield* store.get(defaultTenant, plain.id)).toEqual(unread)
        const text = yield* system("look", (sql) => sql`select cameras::text as row from cameras`)
        expect(JSON.stringify(text)).not.toContain("geheim")
      })
    )
  })
})
