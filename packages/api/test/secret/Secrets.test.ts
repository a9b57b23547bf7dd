import { describe, expect, it, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { layerStores } from "@vigil/api/Persistence"
import { layerMasterKey, MasterKey } from "@vigil/api/secret/MasterKey"
import { type KeyRing, keyMark, type SecretKey } from "@vigil/api/secret/KeyRing"
import { rewrap, seal, unseal } from "@vigil/api/secret/SecretBox"
import { defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
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
  })
})
