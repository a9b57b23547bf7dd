import { openClient, toUrl } from "@vigil/api/database/Connection"
import { findBinaries } from "@vigil/api/database/EmbeddedPostgres"
import { Config, Effect, Option, type Redacted } from "effect"
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { type Check, fail, pass } from "./Finding.js"

const run = promisify(execFile)

const embedded = Effect.gen(function* () {
  const { postgres } = yield* findBinaries
  const { stdout } = yield* Effect.tryPromise(() => run(postgres, ["--version"]))
  return pass("database", `embedded ${stdout.trim()}`)
}).pipe(
  Effect.catchAll((error) =>
    Effect.succeed(
      fail(
        "database",
        `the embedded PostgreSQL does not run: ${error.message}`,
        "Run `npm install` again, or name another server in VIGIL_DATABASE_URL."
      )
    )
  )
)

/** The server's version; no error repeats the password. */
const external = (url: Redacted.Redacted) =>
  Effect.tryPromise({
    try: async () => {
      const client = openClient(toUrl(url))
      await client.connect()
      try {
        const { rows } = await client.query<{ readonly server_version: string }>("show server_version")
        return rows[0]?.server_version ?? "unknown"
      } finally {
        await client.end()
      }
    },
    catch: (error) => (error instanceof Error ? error.message : String(error))
  }).pipe(
    Effect.match({
      onSuccess: (version) =>
        Number.parseInt(version, 10) >= 15
          ? pass("database", `PostgreSQL ${version} at VIGIL_DATABASE_URL`)
          : fail("database", `PostgreSQL ${version} at VIGIL_DATABASE_URL`, "Vigil needs PostgreSQL 15 or later."),
      onFailure: (error) =>
        fail(
          "database",
          `VIGIL_DATABASE_URL: ${error}`,
          "Start that server, or correct the variable: postgres://user@host/database"
        )
    })
  )

export const database: Check = Effect.flatMap(
  Effect.orElseSucceed(Config.option(Config.redacted("VIGIL_DATABASE_URL")), () => Option.none<Redacted.Redacted>()),
  Option.match({ onNone: () => embedded, onSome: external })
)
