import { createHash, randomUUID } from "node:crypto"
import { mkdir, open, readdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { ModelError } from "@vigil/core/Model"
import { partsOf } from "@vigil/core/ModelVersion"
import { ModelStore } from "@vigil/core/port/ModelStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import type { ModelVersion } from "@vigil/core/ModelVersion"
import { Context, Effect, Layer } from "effect"
import { checksumOf, removePartials, statOf, storage, synchroniseFolder } from "./ModelFiles.js"

/** Which file of which version. */
type StoredFile = Pick<ModelVersion, "tenantId" | "model" | "version" | "bytes" | "sha256">

/** Files that no camera runs any more are removed after this many milliseconds: a rollback soon after an activation finds them. */
const unusedLifetime = 3_600_000

/** Where this node keeps the files of models that tenants brought; they are fetched from the `ModelStore` when they are needed. */
export class OwnModelFolder extends Context.Tag("@vigil/runtime/OwnModelFolder")<OwnModelFolder, string>() {
  static readonly layer = (folder: string): Layer.Layer<OwnModelFolder> => Layer.succeed(OwnModelFolder, join(folder, "own"))
}

export interface OwnModelFiles {
  /** Puts a file into the new file `target`; `checksum` where it is not the version's. Nobody but this user may read it. */
  readonly fetch: (file: StoredFile, target: string) => Effect.Effect<void, ModelError | StoreUnavailable>
  /** The file on this node, of the version's checksum. */
  readonly ensure: (file: StoredFile) => Effect.Effect<string, ModelError | StoreUnavailable>
  /** A name in the folder for a file that is not one of a model yet. */
  readonly partial: () => string
  /** Removes files of other checksums, after a while. */
  readonly prune: (used: ReadonlySet<string>) => Effect.Effect<void, ModelError>
}

export const makeOwnModelFiles: Effect.Effect<OwnModelFiles, ModelError, OwnModelFolder | ModelStore> = Effect.gen(function* () {
  const folder = yield* OwnModelFolder
  const store = yield* ModelStore
  const checksums = new Map<string, string>()
  const turn = yield* Effect.makeSemaphore(1)
  const partial = () => join(folder, `.partial-${randomUUID()}`)

  yield* storage("models", `cannot use the folder ${folder}`, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await removePartials(folder)
  })

  const fetch: OwnModelFiles["fetch"] = ({ bytes, model, sha256, tenantId, version }, target) =>
    Effect.scoped(
      Effect.gen(function* () {
        const write = <A>(run: () => Promise<A>) => storage(model, `cannot write ${target}`, run)
        const hash = createHash("sha256")
        const file = yield* Effect.acquireRelease(
          write(() => open(target, "wx", 0o600)),
          (opened) => Effect.promise(() => opened.close())
        )
        for (let part = 0; part < partsOf(bytes); part++) {
          const data = yield* store.part(tenantId, model, version, part)
          hash.update(data)
          yield* write(() => file.writeFile(data))
        }
        yield* write(() => file.sync())
        const found = hash.digest("hex")
        if (found === sha256) return
        const detail = `the sha256 of what came is ${found}, and ${sha256} was announced`
        return yield* new ModelError({ model, reason: "checksum", detail })
      })
    )

  const isHere = ({ model, sha256 }: StoredFile, path: string) =>
    storage(model, `cannot read ${path}`, async () =>
      (await statOf(path)) === undefined ? false : (await checksumOf(path, checksums)) === sha256
    )

  const ensure: OwnModelFiles["ensure"] = (file) => {
    const path = join(folder, `${file.sha256}.onnx`)
    const bring = Effect.suspend(() => {
      const arriving = partial()
      return fetch(file, arriving).pipe(
        Effect.zipRight(
          storage(file.model, `cannot install it into ${folder}`, async () => {
            await rename(arriving, path)
            await synchroniseFolder(folder)
          })
        ),
        Effect.ensuring(Effect.promise(() => rm(arriving, { force: true })))
      )
    })
    const orElse = (otherwise: Effect.Effect<void, ModelError | StoreUnavailable>) =>
      Effect.flatMap(isHere(file, path), (here) => (here ? Effect.void : otherwise))
    // Cameras whose files are here do not wait for one that is on its way.
    return Effect.as(orElse(turn.withPermits(1)(orElse(bring))), path)
  }

  const prune: OwnModelFiles["prune"] = (used) =>
    storage("models", `cannot tidy the folder ${folder}`, async () => {
      for (const name of await readdir(folder)) {
        const sha256 = /^([0-9a-f]{64})\.onnx$/.exec(name)?.[1]
        if (sha256 === undefined || used.has(sha256)) continue
        const found = await statOf(join(folder, name))
        if (found !== undefined && Date.now() - found.atimeMs > unusedLifetime && Date.now() - found.mtimeMs > unusedLifetime)
          await rm(join(folder, name), { force: true })
      }
    })

  return { fetch, ensure, partial, prune }
})
