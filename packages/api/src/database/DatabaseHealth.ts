import type { HealthCheck } from "@vigil/core/port/Health"
import { Duration, Effect } from "effect"
import { Database } from "./Database.js"

/** Whether the database answers; without it the node cannot serve. */
export const databaseHealth: Effect.Effect<HealthCheck, never, Database> = Effect.map(Database, (database) => ({
  component: "database",
  essential: true,
  check: database
    .system("check health", (sql) => sql`select 1`)
    .pipe(
      Effect.timed,
      Effect.timeoutFail({ duration: "1 second", onTimeout: () => new Error("no answer in 1 s") }),
      Effect.match({
        onSuccess: ([took]) => ({
          component: "database",
          status: "pass" as const,
          detail: `answers in ${Math.ceil(Duration.toMillis(took))} ms`
        }),
        onFailure: ({ message }) => ({ component: "database", status: "fail" as const, detail: message })
      })
    )
}))
