import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { changeUser, createUser, listUsers, removeUser, sendPasswordLink } from "../../application/UserOperations.js"
import { ServerAddress } from "../HttpListener.js"
import { toProblem } from "../ToProblem.js"

export const layerUserHandlers = HttpApiBuilder.group(VigilApi, "users", (handlers) =>
  handlers
    .handle("list", () => Effect.mapError(listUsers, toProblem))
    .handle("create", ({ payload }) =>
      ServerAddress.pipe(
        Effect.flatMap(({ url }) => createUser(payload, url)),
        Effect.mapError(toProblem)
      )
    )
    .handle("change", ({ path: { id }, payload }) => Effect.mapError(changeUser(id, payload), toProblem))
    .handle("remove", ({ path: { id } }) => Effect.mapError(removeUser(id), toProblem))
    .handle("sendPasswordLink", ({ path: { id } }) =>
      ServerAddress.pipe(
        Effect.flatMap(({ url }) => sendPasswordLink(id, url)),
        Effect.mapError(toProblem)
      )
    )
)
