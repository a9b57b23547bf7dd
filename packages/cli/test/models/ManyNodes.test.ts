import { describe, expect, it } from "@effect/vitest"
import { toUrl } from "@vigil/api/database/Connection"
import { layerStores } from "@vigil/api/Persistence"
import { defaultTenant, ModelId } from "@vigil/core/Ids"
import { ModelInspector } from "@vigil/core/port/ModelInspector"
import { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import { ModelStore } from "@vigil/core/port/ModelStore"
import * as ModelInspectorLive from "@vigil/runtime/model/ModelInspectorLive"
import * as ModelLibraryLive from "@vigil/runtime/model/ModelLibraryLive"
import * as ModelRepository from "@vigil/runtime/model/ModelRepository"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { newDatabaseUrl } from "../SharedDatabase.js"
import { temporaryFolder } from "../Vigil.js"
import { digestOf, ownModelFile, sendOwnModel } from "./OwnModel.js"

const model = ModelId.make("trucks")

/** What a node has of models, in a folder of its own. */
const startNode = (url: string, keys: string, folder: string) =>
  Layer.build(
    Layer.merge(ModelLibraryLive.layer, ModelInspectorLive.layer()).pipe(
      Layer.provideMerge(Layer.merge(ModelRepository.layer({ folder, known: [] }), layerStores(toUrl(Redacted.make(url)), keys)))
    )
  )

describe("models of tenants on many nodes", () => {
  it.scopedLive(
    "are uploaded to one node in parts, checked by it, and run by the others, which hear of each version",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const url = yield* newDatabaseUrl
        const one = yield* startNode(url, folder, join(folder, "one"))
        const other = yield* startNode(url, folder, join(folder, "other"))
        const store = Context.get(one, ModelStore)

        /** As by the HTTP interface of one node. */
        const bring = (version: string, label: number) =>
          Effect.gen(function* () {
            const sent = yield* sendOwnModel(defaultTenant, model, version, ownModelFile(label))
            yield* store.judge(defaultTenant, model, version, yield* (yield* ModelInspector).inspect(sent))
            yield* store.activate(defaultTenant, model, version)
            return sent.sha256
          }).pipe(Effect.provide(one))

        const heard = (version: string) =>
          Effect.retry(
            Effect.filterOrFail(
              Context.get(other, ModelLibrary).installed(defaultTenant, model),
              ({ descriptor }) => descriptor.version === version,
              () => new Error(`the other node does not know of ${version}`)
            ),
            { schedule: Schedule.spaced("50 millis"), times: 2000 }
          )
        for (const [version, label] of [
          ["1", 3],
          ["2", 4]
        ] as const) {
          const sha256 = yield* bring(version, label)
          const { file } = yield* heard(version)
          expect(file.startsWith(join(folder, "other", "own"))).toBe(true)
          expect(digestOf(yield* Effect.promise(() => readFile(file)))).toBe(sha256)
        }
        yield* store.deactivate(defaultTenant, model)
        const gone = Effect.flip(Context.get(other, ModelLibrary).installed(defaultTenant, model))
        const error = yield* Effect.retry(gone, { schedule: Schedule.spaced("50 millis"), times: 2000 })
        expect(error).toMatchObject({ _tag: "ModelError", reason: "unknown" })
      }),
    400_000
  )
})
