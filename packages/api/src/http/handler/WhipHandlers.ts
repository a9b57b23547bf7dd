import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { MethodNotAllowed } from "@vigil/core/contract/Problem"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import {
  endPublication,
  makePublishToken,
  publish,
  publishTokenState,
  revokePublishToken
} from "../../application/PublishOperations.js"
import { problemType, toProblem } from "../ToProblem.js"

const setHeader = (name: string, value: string) =>
  HttpApp.appendPreResponseHandler((_, response) => Effect.succeed(HttpServerResponse.setHeader(response, name, value)))

export const layerPublishTokenHandlers = HttpApiBuilder.group(VigilApi, "publishTokens", (handlers) =>
  handlers
    .handle("look", ({ path: { id } }) => Effect.mapError(publishTokenState(id), toProblem))
    .handle("make", ({ path: { id } }) => Effect.mapError(makePublishToken(id), toProblem))
    .handle("revoke", ({ path: { id } }) => Effect.mapError(revokePublishToken(id), toProblem))
)

const utf8 = new TextDecoder()

/** All candidates are in offer and answer, and a publisher whose network changed makes an offer anew (RFC 9725 4.3). */
const noTrickle = new MethodNotAllowed({
  type: problemType("no-trickle"),
  title: "Not allowed",
  status: 405,
  detail: "Candidates and restarts are not taken one by one: make another offer."
})

export const layerWhipHandlers = HttpApiBuilder.group(VigilApi, "whip", (handlers) =>
  handlers
    .handle("publish", ({ path: { id }, payload }) =>
      publish(id, utf8.decode(payload)).pipe(
        Effect.tap(({ publicationId }) =>
          setHeader("location", `/api/v1/cameras/${id}/whip/${encodeURIComponent(publicationId)}`)
        ),
        Effect.map(({ answer }) => new TextEncoder().encode(answer)),
        Effect.mapError(toProblem)
      )
    )
    .handle("end", ({ path: { id, publicationId } }) => Effect.mapError(endPublication(id, publicationId), toProblem))
    .handle("trickle", () => Effect.zipRight(setHeader("allow", "DELETE"), Effect.fail(noTrickle)))
)
