import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { queryAudit, verifyAudit } from "../../application/AuditOperations.js"
import { toProblem } from "../ToProblem.js"

export const layerAuditHandlers = HttpApiBuilder.group(VigilApi, "audit", (handlers) =>
  handlers
    .handle("list", ({ urlParams }) => Effect.mapError(queryAudit(urlParams), toProblem))
    .handle("verify", ({ urlParams: { hash, sequence } }) =>
      Effect.mapError(verifyAudit(hash === undefined || sequence === undefined ? undefined : { hash, sequence }), toProblem)
    )
)
