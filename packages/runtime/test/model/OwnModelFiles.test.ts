import { createHash, randomBytes } from "node:crypto"
import { readdir, readFile, utimes } from "node:fs/promises"
import { describe, expect, it } from "@effect/vitest"
import { defaultTenant, ModelId } from "@vigil/core/Ids"
import { type OwnModelFile, OwnModels } from "@vigil/core/port/OwnModels"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { makeOwnModelFiles, OwnModelFolder, type OwnModelFiles } from "@vigil/runtime/model/OwnModelFiles"
import { Deferred, Effect, Stream } from "effect"
import { temporaryFolder } from "../material/Models.js"

const pieceSize = 1000

const someFile = (bytes = 10_000): { readonly file: OwnModelFile; readonly data: Uint8Array } => {
  const data = randomBytes(bytes)
  const sha256 = createHash("sha256").update(data).digest("hex")
  return { data, file: { tenantId: defaultTenant, model: ModelId.make("own"), version: "1", bytes, sha256 } }
}

const away = new StoreUnavailable({ operation: "test", detail: "the link is cut" })

/** Where files come from. */
interface Source {
  /** Each reading breaks off after so many pieces. */
  cutAfter: number
  /** Each piece waits for this. */
  gate: Effect.Effect<void>
  damaged: boolean
  /** From which byte each reading began. */
  readonly readings: Array<number>
}

const sourceOf = (files: ReadonlyArray<ReturnType<typeof someFile>>) => {
  const source: Source = {
    cutAfter: Number.POSITIVE_INFINITY,
    gate: Effect.void,
    damaged: false,
    readings: []
  }
  const models = OwnModels.of({
    active: Effect.succeed([]),
    changes: Stream.never,
    read: ({ sha256 }, from) => {
      source.readings.push(from)
      const data = files.find(({ file }) => file.sha256 === sha256)?.data ?? new Uint8Array()
      const count = Math.ceil((data.length - from) / pieceSize)
      return Stream.range(1, count).pipe(
        Stream.rechunk(1),
        Stream.mapEffect((piece) =>
          piece > source.cutAfter
            ? Effect.fail(away)
            : Effect.as(source.gate, data.slice(from + (piece - 1) * pieceSize, from + piece * pieceSize))
        ),
        Stream.map((piece) => (source.damaged ? new Uint8Array(piece.length) : piece))
      )
    }
  })
  return { source, models }
}

const withFiles = (
  known: ReadonlyArray<ReturnType<typeof someFile>>,
  test: (files: OwnModelFiles, source: Source, folder: string, arrivals: () => number) => Effect.Effect<void, unknown>,
  limit?: number
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(Effect.promise(temporaryFolder), (made) =>
        Effect.promise(() => made[Symbol.asyncDispose]())
      )
      const { models, source } = sourceOf(known)
      let arrivals = 0
      const files = yield* makeOwnModelFiles(
        models,
        Effect.sync(() => {
          arrivals++
        })
      ).pipe(Effect.provide(OwnModelFolder.layer(folder.path, limit)))
      yield* test(files, source, `${folder.path}/own`, () => arrivals)
    })
  )

const contents = (file: string) => Effect.promise(() => readFile(file))

/** As if nobody had asked for it for two minutes. */
const forgotten = (file: string) => {
  const then = new Date(Date.now() - 120_000)
  return Effect.promise(() => utimes(file, then, then))
}

describe("OwnModelFiles", () => {
  it.live("goes on with a file that broke off where it broke off", () => {
    const one = someFile()
    return withFiles([one], (files, source, folder) =>
      Effect.gen(function* () {
        source.cutAfter = 4
        expect(yield* Effect.flip(files.ensure(one.file, "5 seconds"))).toMatchObject({ _tag: "StoreUnavailable" })
        source.cutAfter = 5
        expect(yield* Effect.flip(files.ensure(one.file, "5 seconds"))).toMatchObject({ _tag: "StoreUnavailable" })
        source.cutAfter = Number.POSITIVE_INFINITY
        const file = yield* files.ensure(one.file, "5 seconds")
        expect(source.readings).toEqual([0, 4000, 9000])
        expect((yield* contents(file)).equals(one.data)).toBe(true)
        expect(yield* Effect.promise(() => readdir(folder))).toEqual([`${one.file.sha256}.onnx`])
      })
    )
  })

  it.live("keeps nothing of a file that is not the one, and takes it from the beginning then", () => {
    const one = someFile()
    return withFiles([one], (files, source, folder) =>
      Effect.gen(function* () {
        source.damaged = true
        expect(yield* Effect.flip(files.ensure(one.file, "5 seconds"))).toMatchObject({ reason: "checksum" })
        expect(yield* Effect.promise(() => readdir(folder))).toEqual([])
        source.damaged = false
        expect((yield* contents(yield* files.ensure(one.file, "5 seconds"))).equals(one.data)).toBe(true)
        expect(source.readings).toEqual([0, 0])
      })
    )
  })

  it.live("lets nobody wait for long: a file goes on arriving once for all, and is told of then", () => {
    const one = someFile()
    return withFiles([one], (files, source, _, arrivals) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        source.gate = Deferred.await(gate)
        const impatient = Effect.flip(files.ensure(one.file, "50 millis"))
        for (const error of yield* Effect.all([impatient, impatient, impatient], { concurrency: 3 })) {
          expect(error.message).toContain("on its way")
        }
        expect(arrivals()).toBe(0)
        yield* Deferred.succeed(gate, undefined)
        yield* Effect.repeat(Effect.sleep("10 millis"), { until: () => arrivals() > 0 }).pipe(Effect.timeout("60 seconds"))
        yield* files.ensure(one.file, 0)
        expect(source.readings).toEqual([0])
      })
    )
  })

  it.live("ends nobody who waits where a link ends that interrupts its calls, and takes the file again", () => {
    const one = someFile()
    return withFiles([one], (files, source) =>
      Effect.gen(function* () {
        source.gate = Effect.interrupt
        const error = yield* Effect.flip(files.ensure(one.file, "5 seconds"))
        expect(error).toMatchObject({ _tag: "StoreUnavailable", detail: "it was broken off" })
        source.gate = Effect.void
        expect((yield* contents(yield* files.ensure(one.file, "5 seconds"))).equals(one.data)).toBe(true)
      })
    )
  })

  it.live("makes room by removing what was not asked for longest, and never what is in use", () => {
    const [a, b, c, d] = [someFile(), someFile(), someFile(), someFile()]
    return withFiles(
      [a, b, c, d],
      (files, _, folder) =>
        Effect.gen(function* () {
          const kept = Effect.map(
            Effect.promise(() => readdir(folder)),
            (names) => new Set(names.map((name) => name.slice(0, 64)))
          )
          const [fileA, fileB] = [yield* files.ensure(a.file, "5 seconds"), yield* files.ensure(b.file, "5 seconds")]
          yield* forgotten(fileA)
          yield* forgotten(fileB)
          yield* files.ensure(a.file, "5 seconds")
          yield* files.ensure(c.file, "5 seconds")
          expect(yield* kept).toEqual(new Set([a.file.sha256, c.file.sha256]))
          const error = yield* Effect.flip(files.ensure(d.file, "5 seconds"))
          expect(error).toMatchObject({ reason: "storage" })
          expect(error.message).toContain("VIGIL_OWN_MODELS_LIMIT")
          expect(yield* kept).toEqual(new Set([a.file.sha256, c.file.sha256]))
        }),
      25_000
    )
  })
})
