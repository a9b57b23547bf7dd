import { ModelStore } from "@vigil/core/port/ModelStore"
import { OwnModels, ownModelsOf } from "@vigil/core/port/OwnModels"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Context, Effect, Layer, type Scope, Stream } from "effect"
import type { EdgeCalls } from "./EdgeLink.js"

const away = (detail: string) => new StoreUnavailable({ operation: "fetch a model from the centre", detail })

/** The tenant's models at an edge: which there are is in its own store, as the centre assigned them; their files come over the link. */
export class EdgeModels extends Context.Tag("@vigil/runtime/EdgeModels")<
  EdgeModels,
  {
    /** Has files come over this link until the scope closes. */
    readonly attach: (calls: EdgeCalls) => Effect.Effect<void, never, Scope.Scope>
  }
>() {
  static readonly layer: Layer.Layer<EdgeModels | OwnModels, never, ModelStore> = Layer.unwrapEffect(
    Effect.map(ModelStore, (store) => {
      let link: EdgeCalls | undefined
      const own = OwnModels.of({
        ...ownModelsOf(store),
        read: ({ model, sha256, version }, from) =>
          Stream.suspend(() =>
            link === undefined ? Stream.fail(away("it cannot be reached")) : link.ModelFile({ model, version, sha256, from })
          ).pipe(
            Stream.mapError((error) =>
              error._tag === "ModelError" || error._tag === "StoreUnavailable" ? error : away(error.message)
            )
          )
      })
      const attach = (calls: EdgeCalls) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            link = calls
          }),
          () =>
            Effect.sync(() => {
              link = undefined
            })
        )
      return Layer.merge(Layer.succeed(OwnModels, own), Layer.succeed(EdgeModels, { attach }))
    })
  )
}
