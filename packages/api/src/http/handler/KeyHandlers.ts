import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { keyStatus, rotateKeys, rotateSigningKey } from "../../application/KeyOperations.js"
import { toProblem } from "../ToProblem.js"

export const layerKeyHandlers = HttpApiBuilder.group(VigilApi, "keys", (handlers) =>
  handlers
    .handle("status", () => Effect.mapError(keyStatus, toProblem))
    .handle("rotate", () => Effect.mapError(rotateKeys, toProblem))
    .handle("rotateSigning", ({ payload: { only } }) => Effect.mapError(rotateSigningKey(only), toProblem))
)
