import { describe, expect, it } from "@effect/vitest"
import { toUrl } from "@vigil/api/database/Connection"
import { layerStores } from "@vigil/api/Persistence"
import { defaultTenant, ModelId } from "@vigil/core/Ids"
import { partSize, partsOf } from "@vigil/core/ModelVersion"
import { ModelInspector } from "@vigil/core/port/ModelInspector"
import { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { fixedYolox } from "@vigil/fixtures/onnx/FixedModels"
import { hasPostgres, startPostgresServer } from "@vigil/fixtures/peer/PostgresServer"
import * as ModelInspectorLive from "@vigil/runtime/model/ModelInspectorLive"
import * as ModelLibraryLive from "@vigil/runtime/model/ModelLibraryLive"
import * as ModelRepository from "@vigil/runtime/model/ModelRepository"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { temporaryFolder } from "../Vigil.js"

const model = ModelId.make("trucks")
const size = { width: 640, height: 640 }
const fileOf = (label: number) =>
  fixedYolox({ size, classes: 80, detections: [{ label, confidence: 0.9, box: { x: 200, y: 200, width: 200, height: 200 } }] })

/** What a node has of models, in a folder of its own. */
const startNode = (url: string, keys: string, folder: string) =>
  Layer.build(
    Layer.merge(ModelLibraryLive.layer, ModelInspectorLive.layer()).pipe(
      Layer.provideMerge(Layer.merge(ModelRepository.layer({ folder, known: [] }), layerStores(toUrl(Redacted.make(url)), keys)))
    )
  )

describe.skipIf(!hasPostgres)("models of tenants on many nodes [needs postgresql]", () => {
  it.scopedLive(
    "are uploaded to one node in parts, checked by it, and run by the others, which hear of each version",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const { url } = yield* startPostgresServer
        const one = yield* startNode(url, folder, join(folder, "one"))
        const other = yield* startNode(url, folder, join(folder, "other"))
        const store = Context.get(one, ModelStore)

        const bring = (version: string, bytes: Uint8Array) =>
          Effect.gen(function* () {
            const sha256 = createHash("sha256").update(bytes).digest("hex")
            yield* store.create(defaultTenant, model, { version, bytes: bytes.length, sha256, hints: {} })
            for (let part = 0; part < partsOf(bytes.length); part++) {
              const data = bytes.subarray(part * partSize, (part + 1) * partSize)
              yield* store.putPart(defaultTenant, model, version, part, data)
            }
            const sent = yield* store.get(defaultTenant, model, version)
            yield* store.judge(defaultTenant, model, version, yield* Context.get(one, ModelInspector).inspect(sent))
            yield* store.activate(defaultTenant, model, version)
            return sha256
          })
        const heard = (version: string) =>
          Effect.retry(
            Effect.filterOrFail(
              Context.get(other, ModelLibrary).installed(defaultTenant, model),
              ({ descriptor }) => descriptor.version === version,
              () => new Error(`the other node does not know of ${version}`)
            ),
            { schedule: Schedule.spaced("50 millis"), times: 400 }
          )
        const digestOf = (file: string) =>
          Effect.promise(async () =>
            createHash("sha256")
              .update(await readFile(file))
              .digest("hex")
          )

        for (const [version, label] of [
          ["1", 3],
          ["2", 4]
        ] as const) {
          const sha256 = yield* bring(version, fileOf(label))
          const { file } = yield* heard(version)
          expect(file.startsWith(join(folder, "other", "own"))).toBe(true)
          expect(yield* digestOf(file)).toBe(sha256)
        }
        yield* store.deactivate(defaultTenant, model)
        const gone = Effect.flip(Context.get(other, ModelLibrary).installed(defaultTenant, model))
        const error = yield* Effect.retry(gone, { schedule: Schedule.spaced("50 millis"), times: 400 })
        expect(error).toMatchObject({ _tag: "ModelError", reason: "unknown" })
      }),
    120_000
  )
})
