import { layerStores } from "@vigil/api/Persistence"
import { type ConnectionOptions, openPool, toEmbedded } from "@vigil/api/database/Connection"
import { startEmbeddedPostgres } from "@vigil/api/database/EmbeddedPostgres"
import { Context, Effect, Layer, Schema } from "effect"
import { get, type IncomingMessage } from "node:http"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { inject } from "vitest"
import { temporaryFolder } from "./TemporaryFolder.js"

const ConnectionText = Schema.parseJson(
  Schema.Struct({
    host: Schema.String,
    port: Schema.Number,
    user: Schema.String,
    password: Schema.String,
    database: Schema.String
  })
)

/** The server of this run, which scripts/vitest/DatabaseServer.ts keeps. */
const sharedServer = Effect.promise(async (): Promise<ConnectionOptions> => {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ socketPath: inject("databaseServer"), path: "/" }, resolve).once("error", reject)
  })
  const body = await text(response)
  if (response.statusCode !== 200) throw new Error(body)
  return Schema.decodeSync(ConnectionText)(body)
})

/** With every migration, or empty. */
type Template = "vigil_template" | "template1"

/** A new database of the server that `connection` leads to. */
export const newDatabase = (connection: ConnectionOptions, template: Template) =>
  Effect.gen(function* () {
    const sql = yield* openPool(connection, { server: 0, client: 0 }, 1)
    const database = `test_${crypto.randomUUID().replaceAll("-", "")}`
    yield* sql.unsafe(`create database ${database} template ${template}`)
    return { ...connection, database }
  }).pipe(Effect.scoped)

/** A real database, and a folder of whoever uses it. */
export class EmbeddedDatabase extends Context.Tag("test/EmbeddedDatabase")<
  EmbeddedDatabase,
  {
    readonly folder: string
    readonly connection: ConnectionOptions
  }
>() {
  /** Of its own, in the server of this run. */
  static readonly layer = EmbeddedDatabase.#inSharedServer("vigil_template")

  /** The same, without tables. */
  static readonly layerEmpty = EmbeddedDatabase.#inSharedServer("template1")

  /** With a server of its own, in `postgres` of the folder: for tests that stop it or change what belongs to all its databases. */
  static readonly layerServer = Layer.scoped(
    EmbeddedDatabase,
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const server = yield* startEmbeddedPostgres(join(folder, "postgres"))
      return { folder, connection: toEmbedded(server) }
    })
  )

  static #inSharedServer(template: Template) {
    return Layer.scoped(
      EmbeddedDatabase,
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        return { folder, connection: yield* newDatabase(yield* sharedServer, template) }
      })
    )
  }
}

/** All stores over a database. */
export const layerStoresOver = <E, R>(database: Layer.Layer<EmbeddedDatabase, E, R>) =>
  Layer.unwrapEffect(Effect.map(EmbeddedDatabase, ({ connection, folder }) => layerStores(connection, folder))).pipe(
    Layer.provideMerge(database)
  )

/** All stores over a database of their own. */
export const layerEmbeddedStores = layerStoresOver(EmbeddedDatabase.layer)
