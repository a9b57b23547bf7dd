import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { deadJob, deadJobs, discardDeadJob } from "../../application/JobOperations.js"
import { toProblem } from "../ToProblem.js"

export const layerJobHandlers = HttpApiBuilder.group(VigilApi, "jobs", (handlers) =>
  handlers
    .handle("dead", ({ urlParams: { limit } }) => Effect.mapError(deadJobs(limit), toProblem))
    .handle("getDead", ({ path: { id } }) => Effect.mapError(deadJob(id), toProblem))
    .handle("discardDead", ({ path: { id } }) => Effect.mapError(discardDeadJob(id), toProblem))
)
