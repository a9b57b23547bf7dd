import { readdir } from "node:fs/promises"
import { createHash } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { defaultTenant, ModelId, TenantId } from "@vigil/core/Ids"
import { layerModelStoreMemory } from "@vigil/core/memory/ModelStoreMemory"
import { type ModelHints, type ModelVerdict, partSize, partsOf } from "@vigil/core/ModelVersion"
import { ModelInspector } from "@vigil/core/port/ModelInspector"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { failing, lyingOutput, notOnnx, slow, truncated, wrongInput, wrongOutput } from "@vigil/fixtures/onnx/BrokenModels"
import { fixedNanodet, fixedYolov5, fixedYolov8, fixedYolox } from "@vigil/fixtures/onnx/FixedModels"
import * as ModelInspectorLive from "@vigil/runtime/model/ModelInspectorLive"
import { OwnModelFolder } from "@vigil/runtime/model/OwnModelFiles"
import type { SandboxLimits } from "@vigil/runtime/model/Sandbox"
import { Effect, Either, Fiber, Layer, Option } from "effect"
import * as fc from "effect/FastCheck"
import { temporaryFolder } from "../material/Models.js"

const size = { width: 96, height: 64 }
const options = { size, classes: 2, detections: [] }
const good = fixedYolox(options)

interface Sent {
  readonly hints?: ModelHints
  readonly sha256?: string
  readonly limits?: SandboxLimits
}

/** What comes of a file that somebody sends; nothing of it may stay on the disk. */
const inspected = (bytes: Uint8Array, { hints = {}, limits, sha256 }: Sent = {}): Effect.Effect<ModelVerdict, unknown> =>
  Effect.scoped(
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(Effect.promise(temporaryFolder), (made) =>
        Effect.promise(() => made[Symbol.asyncDispose]())
      )
      const verdict = yield* Effect.gen(function* () {
        const store = yield* ModelStore
        const model = ModelId.make("sent")
        const announced = { version: "1", bytes: bytes.length, hints }
        const digest = sha256 ?? createHash("sha256").update(bytes).digest("hex")
        yield* store.create(defaultTenant, model, { ...announced, sha256: digest })
        for (let part = 0; part < partsOf(bytes.length); part++) {
          const data = bytes.subarray(part * partSize, (part + 1) * partSize)
          yield* store.putPart(defaultTenant, model, "1", part, data)
        }
        return yield* (yield* ModelInspector).inspect(yield* store.get(defaultTenant, model, "1"))
      }).pipe(
        Effect.provide(ModelInspectorLive.layer(limits === undefined ? {} : { limits })),
        Effect.provide(Layer.merge(layerModelStoreMemory, OwnModelFolder.layer(folder.path)))
      )
      expect(yield* Effect.promise(() => readdir(`${folder.path}/own`))).toEqual([])
      return verdict
    })
  )

const refusal = (verdict: ModelVerdict) => Either.match(verdict, { onLeft: (left) => left, onRight: () => "accepted" })

describe("ModelInspector", () => {
  const families = { yolox: good, yolov5: fixedYolov5(options), yolov8: fixedYolov8(options), nanodet: fixedNanodet(options) }
  for (const [adapter, bytes] of Object.entries(families)) {
    it.live(`describes and tries a ${adapter}`, () =>
      Effect.gen(function* () {
        const verdict = yield* inspected(bytes, { hints: { title: "Forklifts", labels: ["forklift", "person"] } })
        const descriptor = Either.getOrThrow(verdict)
        expect(descriptor).toMatchObject({
          id: "sent",
          version: "1",
          title: "Forklifts",
          adapter,
          labels: ["forklift", "person"],
          bytes: bytes.length,
          sha256: createHash("sha256").update(bytes).digest("hex"),
          input: { size }
        })
      })
    )
  }

  const wrong: ReadonlyArray<readonly [string, Uint8Array, Sent, string, string]> = [
    ["is not ONNX", notOnnx, {}, "not-onnx", "not an ONNX file"],
    ["is cut off", truncated(good), {}, "not-onnx", "cut off"],
    ["is another one than was announced", good, { sha256: "0".repeat(64) }, "checksum", "was announced"],
    ["takes no picture", wrongInput(), {}, "shape", "four dimensions"],
    ["is of no known family", wrongOutput(size), {}, "shape", "no known family"],
    ["has other classes than are said", good, { hints: { labels: ["one"] } }, "shape", "1 classes"],
    ["answers with something else than it declares", lyingOutput(size, 2), {}, "shape", "outputs are"],
    ["fails when it runs", failing(size), { hints: { labels: ["a", "b"] } }, "run", "ONNX Runtime"],
    [
      "takes too long",
      slow({ width: 320, height: 256 }, 2, 2000),
      { limits: { time: 1500, memory: 2 ** 40 } },
      "run",
      "did not finish"
    ],
    [
      "takes too much memory",
      slow({ width: 320, height: 256 }, 2, 2000),
      { limits: { time: 60_000, memory: 2 ** 24 } },
      "run",
      "MiB"
    ],
    [
      "is said to have no scale",
      good,
      { hints: { input: inputWith([0, 1, 1]), adapter: "yolox", labels: ["a", "b"] } },
      "descriptor",
      "scale"
    ]
  ]
  for (const [what, bytes, sent, reason, detail] of wrong) {
    it.live(`refuses a file that ${what}`, () =>
      Effect.gen(function* () {
        expect(refusal(yield* inspected(bytes, sent))).toMatchObject({ reason, detail: expect.stringContaining(detail) })
      })
    )
  }

  it.live("refuses whatever bytes were changed or accepts them, and goes on", () =>
    Effect.gen(function* () {
      const changed = fc.sample(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 }), {
        numRuns: 12,
        seed: 7
      })
      for (const changes of changed) {
        const bytes = Uint8Array.from(good)
        for (const [at, value] of changes) bytes[at] = value
        const verdict = yield* inspected(bytes)
        if (Either.isLeft(verdict)) expect(verdict.left.detail.length).toBeGreaterThan(0)
      }
    })
  )
})

describe("a file that takes its whole time", () => {
  it.live(
    "makes nobody of another tenant wait, however many of its own do",
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          const folder = yield* Effect.acquireRelease(Effect.promise(temporaryFolder), (made) =>
            Effect.promise(() => made[Symbol.asyncDispose]())
          )
          yield* Effect.gen(function* () {
            const store = yield* ModelStore
            const { inspect } = yield* ModelInspector
            const sent = (tenant: TenantId, version: string, bytes: Uint8Array) =>
              Effect.gen(function* () {
                const model = ModelId.make("sent")
                const sha256 = createHash("sha256").update(bytes).digest("hex")
                yield* store.create(tenant, model, { version, bytes: bytes.length, hints: { labels: ["a", "b"] }, sha256 })
                for (let part = 0; part < partsOf(bytes.length); part++) {
                  yield* store.putPart(tenant, model, version, part, bytes.subarray(part * partSize, (part + 1) * partSize))
                }
                return inspect(yield* store.get(tenant, model, version))
              })
            const endless = slow({ width: 320, height: 256 }, 2, 2000)
            const waiting = yield* Effect.forEach(["1", "2", "3"], (version) =>
              Effect.flatMap(sent(defaultTenant, version, endless), Effect.forkScoped)
            )
            const other = TenantId.make("6dd1b8a0-5c5f-4bd0-8ef0-2f4f4c1f0009")
            expect(refusal(yield* yield* sent(other, "1", notOnnx))).toMatchObject({ reason: "not-onnx" })
            for (const fiber of waiting) expect(yield* Fiber.poll(fiber)).toEqual(Option.none())
          }).pipe(
            Effect.provide(ModelInspectorLive.layer({ limits: { time: 50_000, memory: 2 ** 40 } })),
            Effect.provide(Layer.merge(layerModelStoreMemory, OwnModelFolder.layer(folder.path)))
          )
        })
      ),
    120_000
  )
})

function inputWith(scale: readonly [number, number, number]): NonNullable<ModelHints["input"]> {
  return {
    name: "images",
    size,
    layout: "nchw",
    element: "float32",
    channels: "bgr",
    mean: [0, 0, 0],
    scale,
    fit: "letterbox-top-left",
    padding: 114
  }
}
