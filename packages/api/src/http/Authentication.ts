import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Principal, Unauthorized } from "@vigil/core/contract/Principal"
import { SessionAuthentication } from "@vigil/core/contract/VigilApi"
import { RpcAuthentication } from "@vigil/core/contract/VigilRpc"
import { Effect, Layer, Option } from "effect"
import { LocalOperator } from "../auth/LocalOperator.js"
import { Sessions } from "../auth/Sessions.js"
import { ServerConfig } from "../ServerConfig.js"
import { toProblem } from "./ToProblem.js"
import { tokenIn } from "./SessionCookie.js"

const noCookie = new Unauthorized({ detail: "Sign in first." })

/** The session of the current request, and its token. */
export const currentSession = Effect.gen(function* () {
  const { headers } = yield* HttpServerRequest.HttpServerRequest
  const token = tokenIn(yield* ServerConfig, headers["cookie"])
  if (token === undefined) return yield* noCookie
  return { token, ...(yield* (yield* Sessions).authenticate(token)) }
})

/** Who makes the current request: the operator of this machine, or the user of its session. */
const currentUser = Effect.gen(function* () {
  const operator = (yield* LocalOperator).recognise(yield* HttpServerRequest.HttpServerRequest)
  return Option.isSome(operator) ? operator.value : (yield* currentSession).user
})

/** For routes outside of `VigilApi`: the work of signed-in users. */
export const withSession = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.mapError(currentUser, toProblem), (user) => Effect.provideService(work, Principal, user))

/** Which of the two cookies counts is told by the configuration, so both schemes are one check. */
export const layerSessionAuthentication: Layer.Layer<SessionAuthentication, never, LocalOperator | Sessions | ServerConfig> =
  Layer.effect(
    SessionAuthentication,
    Effect.map(Effect.context<LocalOperator | Sessions | ServerConfig>(), (context) => {
      const check = () => currentUser.pipe(Effect.mapError(toProblem), Effect.provide(context))
      return SessionAuthentication.of({ secure: check, plain: check })
    })
  )

/** The upgrade request's headers come with each call of its socket. */
export const layerRpcAuthentication: Layer.Layer<RpcAuthentication, never, LocalOperator | Sessions | ServerConfig> =
  Layer.effect(
    RpcAuthentication,
    Effect.gen(function* () {
      const sessions = yield* Sessions
      const config = yield* ServerConfig
      const { marked } = yield* LocalOperator
      return RpcAuthentication.of(({ headers }) => {
        const operator = marked(headers)
        if (Option.isSome(operator)) return Effect.succeed(operator.value)
        const token = tokenIn(config, headers["cookie"])
        return token === undefined
          ? Effect.fail(noCookie)
          : sessions.authenticate(token).pipe(
              Effect.map(({ user }) => user),
              Effect.catchTag("StoreUnavailable", (error) => Effect.fail(new Unauthorized({ detail: error.message })))
            )
      })
    })
  )
