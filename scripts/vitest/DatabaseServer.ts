import type { ConnectionOptions } from "@vigil/api/database/Connection"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  export interface ProvidedContext {
    /** Unix socket (HTTP) that answers with the `ConnectionOptions` of the run's PostgreSQL as JSON; the first who asks has it started. */
    readonly databaseServer: string
  }
}

/** Of the database with every migration that test files make theirs from. */
const template = "vigil_template"

/** Several files at once, each with pools of several servers; and what they wrote need not outlive a power cut. */
const parameters = { max_connections: "400", fsync: "off" }

/** Only now: most runs of single files need no database, and must not wait until the package is loaded. */
const start = async (folder: string) => {
  const [{ Effect, Exit, Scope }, { openPool, toEmbedded }, { startEmbeddedPostgres }, { migrate }] = await Promise.all([
    import("effect"),
    import("@vigil/api/database/Connection"),
    import("@vigil/api/database/EmbeddedPostgres"),
    import("@vigil/api/database/Migrations")
  ])
  const scope = await Effect.runPromise(Scope.make())
  const prepare = Effect.gen(function* () {
    const connection: ConnectionOptions = toEmbedded(yield* startEmbeddedPostgres(folder, parameters))
    const makeTemplate = Effect.flatMap(openPool(connection, { server: 0, client: 0 }, 1), (sql) =>
      sql.unsafe(`create database ${template}`)
    )
    yield* Effect.scoped(makeTemplate)
    yield* migrate({ ...connection, database: template })
    return connection
  })
  return {
    connection: await Effect.runPromise(Scope.extend(prepare, scope)),
    stop: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}

/** One PostgreSQL for all test files of a run, started when the first of them asks. */
export default async function databaseServer(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "vigil-test-database-"))
  const socket = join(folder, "ask")
  let started: ReturnType<typeof start> | undefined
  const server = createServer((_, response) => {
    started ??= start(join(folder, "postgres"))
    started.then(
      ({ connection }) => response.end(JSON.stringify(connection)),
      (error: unknown) => response.writeHead(500).end(String(error))
    )
  })
  await new Promise<void>((done) => server.listen(socket, done))
  project.provide("databaseServer", socket)
  return async () => {
    server.close()
    const running = await started?.catch(() => undefined)
    await running?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
