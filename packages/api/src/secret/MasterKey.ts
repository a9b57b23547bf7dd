import { Config, Context, Data, Effect, Layer, Option, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { mkdir, open, readFile, stat } from "node:fs/promises"
import { dirname, join } from "node:path"

/** The key cannot be used; `detail` says what to do. */
export class MasterKeyError extends Data.TaggedError("MasterKeyError")<{ readonly from: string; readonly detail: string }> {
  override get message() {
    return `key ${this.from}: ${this.detail}`
  }
}

const keyBytes = 32

/** The 256-bit key that secrets in the database are encrypted with. Lost, they are lost; so it belongs in the backup, apart from the data. */
export class MasterKey extends Context.Tag("@vigil/api/MasterKey")<MasterKey, Redacted.Redacted<Uint8Array>>() {}

const parse = (from: string, text: string): Effect.Effect<Redacted.Redacted<Uint8Array>, MasterKeyError> => {
  const bytes = Buffer.from(text.trim(), "base64")
  return bytes.length === keyBytes
    ? Effect.succeed(Redacted.make(Uint8Array.from(bytes)))
    : Effect.fail(
        new MasterKeyError({ from, detail: `expected ${keyBytes} bytes in base64 (make one with: openssl rand -base64 32)` })
      )
}

const isCode = (error: unknown, code: string): boolean => error instanceof Error && "code" in error && error.code === code

const failure = (from: string) => (error: unknown) => new MasterKeyError({ from, detail: String(error) })

const readKey = (file: string) =>
  Effect.gen(function* () {
    const { mode } = yield* Effect.tryPromise({ try: () => stat(file), catch: failure(file) })
    if ((mode & 0o077) !== 0) {
      return yield* new MasterKeyError({
        from: file,
        detail: "others may read it: chmod 600 it, and replace it if they may have"
      })
    }
    return yield* parse(file, yield* Effect.tryPromise({ try: () => readFile(file, "utf8"), catch: failure(file) }))
  })

/** Creates the file with a new key; leaves it alone where it exists. */
const createKey = (file: string) =>
  Effect.tryPromise({
    try: async () => {
      await mkdir(dirname(file), { recursive: true })
      const handle = await open(file, "wx", 0o600)
      try {
        await handle.writeFile(`${randomBytes(keyBytes).toString("base64")}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
    },
    catch: (error) => error
  }).pipe(Effect.catchAll((error) => (isCode(error, "EEXIST") ? Effect.void : Effect.fail(failure(file)(error)))))

/** `VIGIL_KEY` (base64) where it is set, else the file `key` in the data folder, made on the first start. */
export const layerMasterKey = (dataFolder: string) =>
  Layer.effect(
    MasterKey,
    Effect.flatMap(
      Config.option(Config.redacted("VIGIL_KEY")),
      Option.match({
        onSome: (key) => parse("VIGIL_KEY", Redacted.value(key)),
        onNone: () => {
          const file = join(dataFolder, "key")
          return Effect.zipRight(createKey(file), readKey(file))
        }
      })
    )
  )
