import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { root } from "./Root.mjs"

const fileOf = (name) => join(root, "node_modules", ".cache", "vigil", name)

/** Files under `path`, itself when it is a file, nothing when it does not exist. */
const filesUnder = (path) => {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) return []
  if (stat.isFile()) return [{ path, stat }]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesUnder(join(path, name)))
}

/**
 * A digest that changes with the content of any of these files or folders.
 * @param {ReadonlyArray<string>} paths
 */
export const contentDigest = (paths) => {
  const hash = createHash("sha256")
  for (const { path } of paths.flatMap(filesUnder)) hash.update(path).update(readFileSync(path))
  return hash.digest("hex")
}

/**
 * A digest that changes when any of these files is added, removed or written; cheap, reads no content.
 * @param {ReadonlyArray<string>} paths
 */
export const writeDigest = (paths) => {
  const hash = createHash("sha256")
  for (const { path, stat } of paths.flatMap(filesUnder)) hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`)
  return hash.digest("hex")
}

/** Whether `digest` is what `remember` wrote last under this name. */
export const isRemembered = (name, digest) => {
  try {
    return readFileSync(fileOf(name), "utf8") === digest
  } catch {
    return false // never written
  }
}

export const remember = (name, digest) => {
  mkdirSync(dirname(fileOf(name)), { recursive: true })
  writeFileSync(fileOf(name), digest)
}
