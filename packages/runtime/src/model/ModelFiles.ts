/** What the folders of models have in common. */
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { open, readdir, readFile, rename, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import { ModelError } from "@vigil/core/Model"
import { Effect } from "effect"

/** Left behind by a process that died in the middle: removed after this many milliseconds. */
const partialLifetime = 3_600_000

/** Runs a file operation; whatever it throws is a `storage` error with the operation's name. */
export const storage = <A>(model: string, what: string, run: () => Promise<A>): Effect.Effect<A, ModelError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new ModelError({ model, reason: "storage", detail: `${what}: ${cause instanceof Error ? cause.message : String(cause)}` })
  })

const isMissing = (cause: unknown): boolean => cause instanceof Error && "code" in cause && cause.code === "ENOENT"

export const statOf = async (file: string) => {
  try {
    return await stat(file)
  } catch (cause) {
    if (isMissing(cause)) return undefined
    throw cause
  }
}

export const readText = async (file: string, largest: number): Promise<string | undefined> => {
  const found = await statOf(file)
  if (found === undefined) return undefined
  if (found.size > largest) throw new Error(`is larger than ${largest} bytes`)
  return readFile(file, "utf8")
}

/** Of the file, which is only read again when it changed since it was noted in `known`. */
export const checksumOf = async (file: string, known: Map<string, string>): Promise<string> => {
  const { size, mtimeMs, ino } = await stat(file)
  const version = `${file}:${size}:${mtimeMs}:${ino}`
  const before = known.get(version)
  if (before !== undefined) return before
  const hash = createHash("sha256")
  await pipeline(createReadStream(file), hash)
  const sha256 = hash.digest("hex")
  known.set(version, sha256)
  return sha256
}

/** Writes a file so that it is there whole or not at all. */
export const writeWhole = async (file: string, text: string, partial: string): Promise<void> => {
  const handle = await open(partial, "wx")
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(partial, file)
}

/** Makes renames and removals in the folder survive a power cut. */
export const synchroniseFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export const removePartials = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(".partial-")) continue
    const file = join(folder, name)
    const found = await statOf(file)
    if (found !== undefined && Date.now() - found.mtimeMs > partialLifetime) await rm(file, { force: true })
  }
}
