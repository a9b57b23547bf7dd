import { Context, Effect, Layer } from "effect"
import { EmbeddedDatabase } from "../../api/test/EmbeddedDatabase.js"

/** The URL of a new database with every migration, in the PostgreSQL that all test files of a run share. */
export const newDatabaseUrl = Effect.map(Layer.build(EmbeddedDatabase.layer), (context) => {
  const { database, host, password, port, user } = Context.get(context, EmbeddedDatabase).connection
  const query = new URLSearchParams({ host: String(host), port: String(port) })
  return `postgres://${user}:${String(password)}@localhost/${database}?${query.toString()}`
})
