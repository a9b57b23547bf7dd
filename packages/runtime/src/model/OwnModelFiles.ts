import { createHash, randomUUID } from "node:crypto"
import { createReadStream } from "node:fs"
import { type FileHandle, mkdir, open, readdir, rename, rm, utimes } from "node:fs/promises"
import { join } from "node:path"
import { ModelError } from "@vigil/core/Model"
import type { OwnModelFile, OwnModels } from "@vigil/core/port/OwnModels"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Config, type ConfigError, Context, Deferred, Duration, Effect, Exit, FiberId, Layer, type Scope, Stream } from "effect"
import { checksumOf, removePartials, statOf, storage, synchroniseFolder } from "./ModelFiles.js"

/** Files that no tenant runs any more are removed after this many milliseconds: a rollback soon after an activation finds them. */
const unusedLifetime = 3_600_000
/** A file that was asked for so many milliseconds ago is in use: it makes no room for others. */
const inUse = 60_000
/** Milliseconds after which it is written down again that a file was asked for. */
const touchInterval = 20_000

const defaultLimit = 10_000_000_000

/** Where this machine keeps the files of models that tenants brought, and how many bytes of them. They are fetched when they are needed. */
export class OwnModelFolder extends Context.Tag("@vigil/runtime/OwnModelFolder")<
  OwnModelFolder,
  { readonly path: string; readonly limit: number }
>() {
  static readonly layer = (folder: string, limit = defaultLimit): Layer.Layer<OwnModelFolder> =>
    Layer.succeed(OwnModelFolder, { path: join(folder, "own"), limit })

  /** `VIGIL_OWN_MODELS_LIMIT`: bytes of all files together (10,000,000,000). */
  static readonly layerConfig = (folder: string): Layer.Layer<OwnModelFolder, ConfigError.ConfigError> =>
    Layer.unwrapEffect(
      Effect.map(
        Config.integer("VIGIL_OWN_MODELS_LIMIT").pipe(
          Config.validate({ message: "expected a number of bytes, 1 or more", validation: (bytes) => bytes > 0 }),
          Config.withDefault(defaultLimit)
        ),
        (limit) => OwnModelFolder.layer(folder, limit)
      )
    )
}

export interface OwnModelFiles {
  /**
   * Puts a file into `target`, where the first of its bytes may be already; `checksum` where it is not the version's, and `target` is gone then. Nobody but this user
   * may read it.
   */
  readonly fetch: (file: OwnModelFile, target: string) => Effect.Effect<void, ModelError | StoreUnavailable>
  /**
   * The file on this machine, of the version's checksum. Where it is still on its way `patience` after it was first asked for, that is a `StoreUnavailable`: it goes on
   * arriving, and `arrived` tells of it.
   */
  readonly ensure: (file: OwnModelFile, patience: Duration.DurationInput) => Effect.Effect<string, ModelError | StoreUnavailable>
  /** A name in the folder for a file that is not one of a model yet. */
  readonly partial: () => string
  /** Removes files of other checksums, after a while. */
  readonly prune: (used: ReadonlySet<string>) => Effect.Effect<void, ModelError>
}

interface KeptFile {
  readonly sha256: string
  /** The rest of it is not here. */
  readonly isPartial: boolean
  readonly path: string
  readonly bytes: number
  readonly usedAt: number
}

const keptFiles = async (folder: string): Promise<ReadonlyArray<KeptFile>> => {
  const kept: Array<KeptFile> = []
  for (const name of await readdir(folder)) {
    const [, partial, sha256] = /^(\.partial-)?([0-9a-f]{64})(?:\.onnx|-.*)$/.exec(name) ?? []
    const path = join(folder, name)
    const found = sha256 === undefined ? undefined : await statOf(path)
    if (sha256 === undefined || found === undefined) continue
    const usedAt = Math.max(found.atimeMs, found.mtimeMs)
    kept.push({ sha256, isPartial: partial !== undefined, path, bytes: found.size, usedAt })
  }
  return kept
}

/** Makes room for a file by removing those that were not asked for longest. */
const makeRoom = (folder: string, limit: number, { bytes, model, sha256 }: OwnModelFile): Effect.Effect<void, ModelError> =>
  Effect.gen(function* () {
    const tidy = <A>(run: () => Promise<A>) => storage(model, `cannot tidy the folder ${folder}`, run)
    const kept = (yield* tidy(() => keptFiles(folder))).filter((file) => file.sha256 !== sha256)
    let total = kept.reduce((sum, file) => sum + file.bytes, bytes)
    const idle = kept.filter(({ usedAt }) => Date.now() - usedAt > inUse).sort((a, b) => a.usedAt - b.usedAt)
    for (const file of idle) {
      if (total <= limit) break
      yield* tidy(() => rm(file.path, { force: true }))
      total -= file.bytes
    }
    if (total <= limit) return
    const detail = `its file of ${bytes} bytes does not fit: models of tenants may have ${limit} bytes here (VIGIL_OWN_MODELS_LIMIT)`
    return yield* new ModelError({ model, reason: "storage", detail })
  })

/** Notes that a file was asked for. */
const touch = async (path: string): Promise<void> => {
  const found = await statOf(path)
  if (found !== undefined && Date.now() - found.atimeMs > touchInterval) await utimes(path, new Date(), found.mtime)
}

/** A file on its way; `since` is monotonic. */
interface Arrival {
  readonly outcome: Deferred.Deferred<void, ModelError | StoreUnavailable>
  readonly since: number
}

const notHere = ({ model }: OwnModelFile, detail: string) => new StoreUnavailable({ operation: `fetch model ${model}`, detail })

export const makeOwnModelFiles = (
  models: typeof OwnModels.Service,
  arrived: Effect.Effect<void> = Effect.void
): Effect.Effect<OwnModelFiles, ModelError, OwnModelFolder | Scope.Scope> =>
  Effect.gen(function* () {
    const { limit, path: folder } = yield* OwnModelFolder
    const checksums = new Map<string, string>()
    const turn = yield* Effect.makeSemaphore(1)
    const scope = yield* Effect.scope
    const arriving = new Map<string, Arrival>()
    /** Of this process: others may use the folder too, and fetch the same file. */
    const own = randomUUID()

    yield* storage("models", `cannot use the folder ${folder}`, async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await removePartials(folder)
    })

    const fetch: OwnModelFiles["fetch"] = (file, target) => {
      const { bytes, model, sha256 } = file
      const write = <A>(run: () => Promise<A>) => storage(model, `cannot write ${target}`, run)
      const mismatch = (detail: string) => new ModelError({ model, reason: "checksum", detail })
      const receive = (opened: FileHandle) =>
        Effect.gen(function* () {
          const hash = createHash("sha256")
          let received = yield* write(async () => {
            const there: AsyncIterable<unknown> = createReadStream(target)
            let size = 0
            for await (const chunk of there) {
              if (!(chunk instanceof Uint8Array)) continue
              hash.update(chunk)
              size += chunk.length
            }
            return size
          })
          yield* Stream.runForEach(models.read(file, received), (piece) => {
            received += piece.length
            hash.update(piece)
            return received > bytes
              ? mismatch(`more than the ${bytes} bytes came that were announced`)
              : write(() => opened.appendFile(piece))
          })
          yield* write(() => opened.sync())
          if (received !== bytes) return yield* mismatch(`${received} of ${bytes} bytes came`)
          const found = hash.digest("hex")
          if (found !== sha256) return yield* mismatch(`the sha256 of what came is ${found}, and ${sha256} was announced`)
        })
      return Effect.acquireUseRelease(
        write(() => open(target, "a", 0o600)),
        receive,
        (opened) => Effect.promise(() => opened.close())
      ).pipe(
        Effect.tapError((error) =>
          error._tag === "ModelError" && error.reason === "checksum"
            ? Effect.promise(() => rm(target, { force: true }))
            : Effect.void
        )
      )
    }

    const isHere = ({ model, sha256 }: OwnModelFile, path: string) =>
      storage(model, `cannot read ${path}`, async () => {
        if ((await statOf(path)) === undefined || (await checksumOf(path, checksums)) !== sha256) return false
        await touch(path)
        return true
      })

    /** What came before it broke off stays: the next try goes on from there. */
    const bring = (file: OwnModelFile, path: string) =>
      Effect.gen(function* () {
        if (yield* isHere(file, path)) return
        yield* makeRoom(folder, limit, file)
        const partial = join(folder, `.partial-${file.sha256}-${own}`)
        yield* fetch(file, partial)
        yield* storage(file.model, `cannot install it into ${folder}`, async () => {
          await rename(partial, path)
          await synchroniseFolder(folder)
        })
        yield* arrived
      }).pipe(turn.withPermits(1))

    /** Goes on when nobody waits any more. */
    const bringOnce = (file: OwnModelFile, path: string): Effect.Effect<Arrival> =>
      Effect.suspend(() => {
        const before = arriving.get(file.sha256)
        if (before !== undefined) return Effect.succeed(before)
        const arrival: Arrival = { outcome: Deferred.unsafeMake(FiberId.none), since: performance.now() }
        arriving.set(file.sha256, arrival)
        return bring(file, path).pipe(
          Effect.onExit((exit) => {
            arriving.delete(file.sha256)
            // A link that ends interrupts its calls, which must not interrupt whoever waits.
            return Exit.isInterrupted(exit)
              ? Deferred.fail(arrival.outcome, notHere(file, "it was broken off"))
              : Deferred.done(arrival.outcome, exit)
          }),
          Effect.forkIn(scope),
          Effect.as(arrival)
        )
      })

    const ensure: OwnModelFiles["ensure"] = (file, patience) =>
      Effect.gen(function* () {
        const path = join(folder, `${file.sha256}.onnx`)
        // Cameras whose files are here do not wait for one that is on its way.
        if (yield* isHere(file, path)) return path
        const { outcome, since } = yield* bringOnce(file, path)
        yield* Deferred.await(outcome).pipe(
          Effect.timeoutFail({
            duration: Math.max(0, Duration.toMillis(patience) - (performance.now() - since)),
            onTimeout: () => notHere(file, "its file is on its way")
          })
        )
        return path
      })

    const prune: OwnModelFiles["prune"] = (used) =>
      storage("models", `cannot tidy the folder ${folder}`, async () => {
        await removePartials(folder)
        for (const { isPartial, path, sha256, usedAt } of await keptFiles(folder)) {
          const isUnused = !isPartial && !used.has(sha256) && Date.now() - usedAt > unusedLifetime
          if (isUnused) await rm(path, { force: true })
        }
      })

    return { fetch, ensure, partial: () => join(folder, `.partial-${randomUUID()}`), prune }
  })
