import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { User } from "@vigil/core/User"
import { Effect } from "effect"
import { changeUser, createUser, getUser, listUsers, removeUser, sendPasswordLink } from "../../application/UserOperations.js"
import { contentTags } from "../EntityTag.js"
import { ServerAddress } from "../HttpListener.js"
import { toProblem } from "../ToProblem.js"

const { expected, tagged } = contentTags(User)

export const layerUserHandlers = HttpApiBuilder.group(VigilApi, "users", (handlers) =>
  handlers
    .handle("list", () => Effect.mapError(listUsers, toProblem))
    .handle("create", ({ payload }) =>
      ServerAddress.pipe(
        Effect.flatMap(({ url }) => createUser(payload, url)),
        Effect.flatMap(tagged),
        Effect.mapError(toProblem)
      )
    )
    .handle("get", ({ path: { id } }) => getUser(id).pipe(Effect.flatMap(tagged), Effect.mapError(toProblem)))
    .handle("change", ({ headers, path: { id }, payload }) =>
      changeUser(id, payload, expected(headers)).pipe(Effect.flatMap(tagged), Effect.mapError(toProblem))
    )
    .handle("remove", ({ headers, path: { id } }) => Effect.mapError(removeUser(id, expected(headers)), toProblem))
    .handle("sendPasswordLink", ({ path: { id } }) =>
      ServerAddress.pipe(
        Effect.flatMap(({ url }) => sendPasswordLink(id, url)),
        Effect.mapError(toProblem)
      )
    )
)
