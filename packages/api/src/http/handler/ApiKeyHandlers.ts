import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { createApiKey, listApiKeys, revokeApiKey } from "../../application/ApiKeyOperations.js"
import { toProblem } from "../ToProblem.js"

export const layerApiKeyHandlers = HttpApiBuilder.group(VigilApi, "apiKeys", (handlers) =>
  handlers
    .handle("list", () => Effect.mapError(listApiKeys, toProblem))
    .handle("create", ({ payload }) => Effect.mapError(createApiKey(payload), toProblem))
    .handle("revoke", ({ path: { id } }) => Effect.mapError(revokeApiKey(id), toProblem))
)
