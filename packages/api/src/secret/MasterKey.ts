import { Config, Context, Data, Effect, Layer, Option, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { link, mkdir, open, readFile, rename, stat, unlink } from "node:fs/promises"
import { dirname, join } from "node:path"
import { type KeyRing, keyMark, type SecretKey } from "./KeyRing.js"

/** The key cannot be used; `detail` says what to do. */
export class MasterKeyError extends Data.TaggedError("MasterKeyError")<{ readonly from: string; readonly detail: string }> {
  override get message() {
    return `key ${this.from}: ${this.detail}`
  }
}

const keyBytes = 32

/** The keys that secrets in the database are encrypted with. Lost, they are lost; so they belong in the backup, apart from the data. */
export class MasterKey extends Context.Tag("@vigil/api/MasterKey")<MasterKey, KeyRing>() {}

export const parseKey = (from: string, text: string): Effect.Effect<SecretKey, MasterKeyError> => {
  const bytes = Buffer.from(text.trim(), "base64")
  return bytes.length === keyBytes
    ? Effect.succeed(Redacted.make(Uint8Array.from(bytes)))
    : Effect.fail(
        new MasterKeyError({ from, detail: `expected ${keyBytes} bytes in base64 (make one with: openssl rand -base64 32)` })
      )
}

const isCode = (error: unknown, code: string): boolean => error instanceof Error && "code" in error && error.code === code

const failure = (from: string) => (error: unknown) => new MasterKeyError({ from, detail: String(error) })

/** A key in a file that nobody else may read; none where there is no file. */
export const readKeyFile = (file: string): Effect.Effect<Option.Option<SecretKey>, MasterKeyError> =>
  Effect.gen(function* () {
    const found = yield* Effect.tryPromise({ try: () => stat(file), catch: (error) => error }).pipe(
      Effect.asSome,
      Effect.catchAll((error) => (isCode(error, "ENOENT") ? Effect.succeedNone : Effect.fail(failure(file)(error))))
    )
    if (Option.isNone(found)) return Option.none()
    if ((found.value.mode & 0o077) !== 0) {
      return yield* new MasterKeyError({
        from: file,
        detail: "others may read it: chmod 600 it, and replace it if they may have"
      })
    }
    const text = yield* Effect.tryPromise({ try: () => readFile(file, "utf8"), catch: failure(file) })
    return Option.some(yield* parseKey(file, text))
  })

const createFile = async (file: string, key: Uint8Array) => {
  const handle = await open(file, "wx", 0o600)
  try {
    await handle.writeFile(`${Buffer.from(key).toString("base64")}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const draftOf = (file: string): string => `${file}.${randomBytes(4).toString("hex")}`

/** Puts the key in a file of its own, whole; leaves the file alone where there is one. */
export const createKeyFile = (file: string, key: SecretKey = Redacted.make(randomBytes(keyBytes))) =>
  Effect.tryPromise({
    try: async () => {
      await mkdir(dirname(file), { recursive: true })
      const draft = draftOf(file)
      await createFile(draft, Redacted.value(key))
      try {
        await link(draft, file)
      } finally {
        await unlink(draft)
      }
    },
    catch: (error) => error
  }).pipe(Effect.catchAll((error) => (isCode(error, "EEXIST") ? Effect.void : Effect.fail(failure(file)(error)))))

/** Puts the key in a file, whatever was there: whole, or not at all. */
const replaceFile = (file: string, key: SecretKey) =>
  Effect.tryPromise({
    try: async () => {
      const draft = draftOf(file)
      await createFile(draft, Redacted.value(key))
      await rename(draft, file)
      const folder = await open(dirname(file), "r")
      try {
        await folder.sync()
      } finally {
        await folder.close()
      }
    },
    catch: failure(file)
  })

const variable = (name: string) =>
  Effect.flatMap(
    Config.option(Config.redacted(name)),
    Option.match({
      onNone: () => Effect.succeedNone,
      onSome: (text) => Effect.asSome(parseKey(name, Redacted.value(text)))
    })
  )

/** The file in a data folder that a new key waits in. */
export const nextKeyFile = (dataFolder: string): string => join(dataFolder, "key.next")

interface Keys {
  readonly current: SecretKey
  readonly next: SecretKey | undefined
  readonly previous: SecretKey | undefined
}

const makeRing = (dataFolder: string) =>
  Effect.gen(function* () {
    const [own, following] = yield* Effect.all([variable("VIGIL_KEY"), variable("VIGIL_KEY_NEXT")])
    const file = join(dataFolder, "key")
    const previousFile = join(dataFolder, "key.previous")

    const load = Effect.gen(function* () {
      if (Option.isNone(own)) yield* createKeyFile(file)
      const current = Option.isSome(own) ? own : yield* readKeyFile(file)
      if (Option.isNone(current)) return yield* new MasterKeyError({ from: file, detail: "it is gone: bring it back" })
      const next = Option.isSome(following) ? following : yield* readKeyFile(nextKeyFile(dataFolder))
      const previous = yield* readKeyFile(previousFile)
      const isOther = Option.filter(next, (key) => keyMark(key) !== keyMark(current.value))
      return {
        current: current.value,
        next: Option.getOrUndefined(isOther),
        previous: Option.getOrUndefined(previous)
      } satisfies Keys
    })

    let keys: Keys = yield* load
    /** Promoted in memory alone, because the environment has another one. */
    let promoted: SecretKey | undefined

    const promote = Effect.gen(function* () {
      const { current, next } = keys
      if (next === undefined) return Option.isNone(own)
      if (Option.isSome(own)) {
        promoted = next
        return false
      }
      yield* replaceFile(previousFile, current)
      yield* replaceFile(file, next)
      if (Option.isNone(following)) {
        yield* Effect.tryPromise({ try: () => rename(nextKeyFile(dataFolder), file), catch: failure(file) })
      }
      keys = yield* load
      return true
    })

    return MasterKey.of({
      current: () => promoted ?? keys.current,
      next: () => (promoted === undefined ? keys.next : undefined),
      find: (mark) => [keys.current, keys.next, keys.previous].find((key) => key !== undefined && keyMark(key) === mark),
      reload: Effect.map(load, (found) => {
        keys = found
      }),
      promote
    })
  })

/**
 * `VIGIL_KEY` (base64) where it is set, else the file `key` in the data folder, made on the first start. `VIGIL_KEY_NEXT` or the file `key.next` is
 * the key to rotate to; the file `key.previous` still opens what it closed.
 */
export const layerMasterKey = (dataFolder: string) => Layer.effect(MasterKey, makeRing(dataFolder))
