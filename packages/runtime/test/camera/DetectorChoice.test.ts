import { describe, expect, it } from "@effect/vitest"
import type { DetectionSettings } from "@vigil/core/Camera"
import { defaultTenant, ModelId } from "@vigil/core/Ids"
import { LicenceRefused } from "@vigil/core/Licence"
import { ModelError } from "@vigil/core/Model"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { makeDetectorChoice } from "@vigil/runtime/camera/DetectorChoice"
import { Effect, Logger, LogLevel, Option, Stream } from "effect"
import { describeTiny } from "../material/Models.js"

type Answer = Effect.Effect<InstalledModel, ModelError | LicenceRefused | StoreUnavailable>

const size = { width: 32, height: 32 }
const id = ModelId.make("named")
const named: InstalledModel = { descriptor: describeTiny(Uint8Array.of(1), size, { id }), file: "named.onnx" }
const other: InstalledModel = { descriptor: describeTiny(Uint8Array.of(2), size), file: "first.onnx" }
const detection = (model?: ModelId): DetectionSettings => ({
  framesPerSecond: 5,
  gate: "motion",
  ...(model === undefined ? {} : { model })
})

/** A choice over a library that answers what the test says. */
const choosing = (answer: () => Answer, more: Partial<typeof ModelLibrary.Service> = {}) =>
  Effect.provideService(
    makeDetectorChoice(defaultTenant),
    ModelLibrary,
    ModelLibrary.of({
      list: () => Effect.succeed([]),
      find: () => Effect.succeedNone,
      own: () => Option.none(),
      permit: () => Effect.void,
      installed: () => Effect.suspend(answer),
      preferred: () => Effect.succeedSome(other),
      changes: Stream.never,
      ...more
    })
  )

describe("the choice of a camera's detector", () => {
  it.effect("is what it names, else the first installed one", () =>
    Effect.gen(function* () {
      const { local: choose } = yield* choosing(() => Effect.succeed(named))
      expect(yield* choose(detection(id))).toBe(named)
      expect(yield* choose(detection())).toBe(other)
    })
  )

  it.effect("stays while nobody can say, and is none where that is said", () =>
    Effect.gen(function* () {
      let answer: Answer = Effect.succeed(named)
      const { local: choose } = yield* choosing(() => answer)
      expect(yield* choose(detection(id))).toBe(named)
      for (const passing of [
        new StoreUnavailable({ operation: "test", detail: "away" }),
        new ModelError({ model: id, reason: "storage", detail: "the disk is full" })
      ]) {
        answer = Effect.fail(passing)
        expect(yield* choose(detection(id))).toBe(named)
      }
      for (const said of [
        new ModelError({ model: id, reason: "unknown", detail: "gone" }),
        new ModelError({ model: id, reason: "checksum", detail: "changed" }),
        new LicenceRefused({ reason: "model", detail: "not yours" })
      ]) {
        answer = Effect.succeed(named)
        yield* choose(detection(id))
        answer = Effect.fail(said)
        expect(yield* choose(detection(id))).toBeUndefined()
      }
    }).pipe(Logger.withMinimumLogLevel(LogLevel.None))
  )

  it.effect("of workers is the own version that is active, by name, as far as the licence goes", () =>
    Effect.gen(function* () {
      const queue = { ...detection(id), placement: "queue" as const }
      let licence: Effect.Effect<void, LicenceRefused | StoreUnavailable> = Effect.void
      let active = Option.some(named.descriptor)
      const { queued } = yield* choosing(() => Effect.succeed(named), {
        own: () => active,
        permit: () => Effect.suspend(() => licence)
      })
      const { sha256, version } = named.descriptor
      expect(yield* queued(queue, undefined)).toEqual({ model: id, own: { version, sha256 } })
      expect(yield* queued(detection(id), named)).toBeUndefined()
      active = Option.none()
      expect(yield* queued(queue, undefined)).toEqual({ model: id })
      licence = new StoreUnavailable({ operation: "test", detail: "away" })
      expect(yield* queued(queue, undefined)).toEqual({ model: id })
      licence = new LicenceRefused({ reason: "expired", detail: "it is over" })
      expect(yield* queued(queue, undefined)).toBeUndefined()
    }).pipe(Logger.withMinimumLogLevel(LogLevel.None))
  )

  it.effect("says why there is none, and what to do", () =>
    Effect.gen(function* () {
      let answer: Answer = Effect.succeed(named)
      let licence: Effect.Effect<void, LicenceRefused> = Effect.void
      let first = Option.some(other)
      const { local, problem, queued } = yield* choosing(() => answer, {
        preferred: () => Effect.sync(() => first),
        permit: () => Effect.suspend(() => licence)
      })
      yield* local(detection(id))
      expect(problem()).toBeUndefined()
      const refused = new LicenceRefused({ reason: "model", detail: "not yours: get a licence with it" })
      for (const [error, reason, advice] of [
        [new ModelError({ model: id, reason: "not-installed", detail: "run it" }), "not-installed", /^run it$/],
        [new ModelError({ model: id, reason: "unknown", detail: "gone" }), "unknown", /^gone; .*models versions.*quarantine/],
        [new ModelError({ model: id, reason: "checksum", detail: "changed" }), "file", /^changed$/],
        [refused, "licence", /get a licence/]
      ] as const) {
        answer = Effect.fail(error)
        yield* local(detection(id))
        expect(problem()).toEqual({ model: id, reason, detail: expect.stringMatching(advice) })
      }

      const queue = { ...detection(id), placement: "queue" as const }
      licence = Effect.fail(refused)
      yield* queued(queue, undefined)
      expect(problem()).toMatchObject({ model: id, reason: "licence" })
      licence = Effect.void
      first = Option.none()
      const unnamed = { ...detection(), placement: "queue" as const }
      yield* queued(unnamed, yield* local(unnamed))
      expect(problem()).toMatchObject({ reason: "unnamed", detail: expect.stringMatching(/--detector/) })
      yield* queued(detection(), yield* local(detection()))
      expect(problem()).toMatchObject({ reason: "none", detail: expect.stringMatching(/models list/) })
      first = Option.some(other)
      yield* local(detection())
      expect(problem()).toBeUndefined()
    }).pipe(Logger.withMinimumLogLevel(LogLevel.None))
  )

  it.effect("is not another model's that was chosen before", () =>
    Effect.gen(function* () {
      const { local: choose } = yield* choosing(() => new StoreUnavailable({ operation: "test", detail: "away" }))
      expect(yield* choose(detection())).toBe(other)
      expect(yield* choose(detection(id))).toBeUndefined()
    }).pipe(Logger.withMinimumLogLevel(LogLevel.None))
  )
})
