import { describe, expect, it } from "@effect/vitest"
import { toUrl } from "@vigil/api/database/Connection"
import { layerStores } from "@vigil/api/Persistence"
import { defaultTenant, ModelId } from "@vigil/core/Ids"
import { ModelLibrary } from "@vigil/core/port/ModelLibrary"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { hasPostgres, startPostgresServer } from "@vigil/fixtures/peer/PostgresServer"
import * as ModelLibraryLive from "@vigil/runtime/model/ModelLibraryLive"
import * as ModelRepository from "@vigil/runtime/model/ModelRepository"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { temporaryFolder } from "../Vigil.js"
import { bringOwnModel, digestOf, ownModelFile } from "./OwnModel.js"

const model = ModelId.make("trucks")
/** What a node has of models, in a folder of its own. */
const startNode = (url: string, keys: string, folder: string) =>
  Layer.build(
    ModelLibraryLive.layer.pipe(
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

        const heard = (version: string) =>
          Effect.retry(
            Effect.filterOrFail(
              Context.get(other, ModelLibrary).installed(defaultTenant, model),
              ({ descriptor }) => descriptor.version === version,
              () => new Error(`the other node does not know of ${version}`)
            ),
            { schedule: Schedule.spaced("50 millis"), times: 400 }
          )
        for (const [version, label] of [
          ["1", 3],
          ["2", 4]
        ] as const) {
          const sha256 = yield* Effect.provide(bringOwnModel(defaultTenant, model, version, ownModelFile(label)), one)
          const { file } = yield* heard(version)
          expect(file.startsWith(join(folder, "other", "own"))).toBe(true)
          expect(digestOf(yield* Effect.promise(() => readFile(file)))).toBe(sha256)
        }
        yield* store.deactivate(defaultTenant, model)
        const gone = Effect.flip(Context.get(other, ModelLibrary).installed(defaultTenant, model))
        const error = yield* Effect.retry(gone, { schedule: Schedule.spaced("50 millis"), times: 400 })
        expect(error).toMatchObject({ _tag: "ModelError", reason: "unknown" })
      }),
    120_000
  )
})
