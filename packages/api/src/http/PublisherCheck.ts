import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Unauthorized } from "@vigil/core/contract/Principal"
import { PublisherAuthentication } from "@vigil/core/contract/api/PublisherAuthentication"
import { PublishTokenStore } from "@vigil/core/port/PublishTokenStore"
import { Effect, Layer, Option, Redacted } from "effect"
import { hashToken, isToken } from "../auth/Token.js"
import { toProblem } from "./ToProblem.js"

const refused = new Unauthorized({
  detail: "There is no such publish token: an administrator makes one for the camera (`vigil camera token`)."
})

const askForToken = HttpApp.appendPreResponseHandler((_, response) =>
  Effect.succeed(
    response.status === 401 ? HttpServerResponse.setHeader(response, "www-authenticate", 'Bearer realm="Vigil"') : response
  )
)

/** What cannot be a token is refused without asking the database. */
export const layerPublisherAuthentication: Layer.Layer<PublisherAuthentication, never, PublishTokenStore> = Layer.effect(
  PublisherAuthentication,
  Effect.map(PublishTokenStore, (store) =>
    PublisherAuthentication.of({
      token: (token) =>
        Effect.gen(function* () {
          yield* askForToken
          const text = Redacted.value(token)
          if (!isToken(text)) return yield* refused
          return yield* Effect.flatMap(
            store.find(hashToken(text)),
            Option.match({ onNone: () => Effect.fail(refused), onSome: Effect.succeed })
          )
        }).pipe(Effect.mapError(toProblem))
    })
  )
)
