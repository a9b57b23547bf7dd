import { layerStores } from "@vigil/api/Persistence"
import { type ConnectionOptions, toEmbedded } from "@vigil/api/database/Connection"
import { startEmbeddedPostgres } from "@vigil/api/database/EmbeddedPostgres"
import { Context, Effect, Layer } from "effect"
import { join } from "node:path"
import { temporaryFolder } from "./TemporaryFolder.js"

/** A real server of its own, and where it is. */
export class EmbeddedDatabase extends Context.Tag("test/EmbeddedDatabase")<
  EmbeddedDatabase,
  {
    readonly folder: string
    readonly connection: ConnectionOptions
  }
>() {
  static readonly layer = Layer.scoped(
    EmbeddedDatabase,
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const server = yield* startEmbeddedPostgres(join(folder, "postgres"))
      return { folder, connection: toEmbedded(server) }
    })
  )
}

/** All stores over an embedded server. */
export const layerEmbeddedStores = Layer.unwrapEffect(
  Effect.map(EmbeddedDatabase, ({ connection, folder }) => layerStores(connection, folder))
).pipe(Layer.provideMerge(EmbeddedDatabase.layer))
