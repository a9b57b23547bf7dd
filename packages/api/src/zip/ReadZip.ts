import { Data, Effect } from "effect"
import { buffer } from "node:stream/consumers"
import { type Entry, fromBufferPromise } from "yauzl"

export class ZipError extends Data.TaggedError("ZipError")<{ readonly detail: string }> {
  override get message() {
    return this.detail
  }
}

const mostFiles = 1000

const damaged = (error: unknown) =>
  new ZipError({ detail: `it is damaged: ${error instanceof Error ? error.message : String(error)}` })

/** Gives files of the archive by name, each unpacked to so many bytes at most; undefined where there is none of that name. */
export const readZip = (data: Uint8Array, most: number) =>
  Effect.gen(function* () {
    const archive = yield* Effect.tryPromise({
      try: () => fromBufferPromise(Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
      catch: damaged
    })
    if (archive.entryCount > mostFiles) return yield* new ZipError({ detail: `it holds more than ${mostFiles} files` })
    const entries = yield* Effect.tryPromise({
      try: async () => {
        const found = new Map<string, Entry>()
        for await (const entry of archive.eachEntry()) found.set(entry.fileName, entry)
        return found
      },
      catch: damaged
    })
    return (name: string): Effect.Effect<Uint8Array | undefined, ZipError> => {
      const entry = entries.get(name)
      if (entry === undefined) return Effect.succeed(undefined)
      if (entry.isEncrypted()) return new ZipError({ detail: "it is encrypted: save it without a password" })
      // That a file unpacks to no more than it says is seen to while it is read.
      if (entry.uncompressedSize > most) return new ZipError({ detail: `it unpacks to more than ${most} bytes` })
      return Effect.tryPromise({
        try: async () => buffer(await archive.openReadStreamPromise(entry)),
        catch: damaged
      })
    }
  })
