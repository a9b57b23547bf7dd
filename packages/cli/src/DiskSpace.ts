import type { HealthStatus } from "@vigil/core/port/Health"
import { Effect } from "effect"
import { statfs } from "node:fs/promises"
import { bytes } from "./Output.js"

/** Bytes of free space below which the data folder is in danger, and below which it is full for all that matters. */
const scarce = 2e9
const none = 2e8

/** How much room is left where a folder is. */
export const diskSpace = (folder: string): Effect.Effect<{ readonly status: HealthStatus; readonly detail: string }> =>
  Effect.tryPromise(() => statfs(folder)).pipe(
    Effect.map(({ bavail, bsize }) => bavail * bsize),
    Effect.map((free) => ({
      status: free < none ? ("fail" as const) : free < scarce ? ("warn" as const) : ("pass" as const),
      detail: `${bytes(free)} free in ${folder}`
    })),
    Effect.catchAll((error) => Effect.succeed({ status: "fail" as const, detail: `${folder}: ${String(error.error)}` }))
  )
