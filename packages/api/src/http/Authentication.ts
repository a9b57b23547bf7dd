import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Principal, Unauthorized } from "@vigil/core/contract/Principal"
import { SessionAuthentication } from "@vigil/core/contract/api/SessionAuthentication"
import { RpcAuthentication } from "@vigil/core/contract/RpcAuthentication"
import { Effect, Layer, Option } from "effect"
import { LocalOperator } from "../auth/LocalOperator.js"
import { Sessions } from "../auth/Sessions.js"
import { ServerConfig } from "../ServerConfig.js"
import { ConnectionMark } from "./ConnectionMark.js"
import { tokenIn } from "./SessionCookie.js"
import { toProblem } from "./ToProblem.js"
import { visitorOf } from "./Visitor.js"

const noCookie = new Unauthorized({ detail: "Sign in first." })

/** The session of the current request, and its token. */
export const currentSession = Effect.gen(function* () {
  const { headers } = yield* HttpServerRequest.HttpServerRequest
  const token = tokenIn(yield* ServerConfig, headers["cookie"])
  if (token === undefined) return yield* noCookie
  return { token, ...(yield* (yield* Sessions).authenticate(token)) }
})

/** Who makes the current request: the operator of this machine, or the user of its session. */
export const currentCaller = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { address } = visitorOf(request, yield* ServerConfig)
  const operator = (yield* LocalOperator).recognise(request)
  return { user: Option.isSome(operator) ? operator.value : (yield* currentSession).user, address }
})

/** For routes outside of `VigilApi`: the work of signed-in users. */
export const withSession = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.mapError(currentCaller, toProblem), (caller) => Effect.provideService(work, Principal, caller))

/** Which of the two cookies counts is told by the configuration, so both schemes are one check. */
export const layerSessionAuthentication: Layer.Layer<SessionAuthentication, never, LocalOperator | Sessions | ServerConfig> =
  Layer.effect(
    SessionAuthentication,
    Effect.map(Effect.context<LocalOperator | Sessions | ServerConfig>(), (context) => {
      const check = () => currentCaller.pipe(Effect.mapError(toProblem), Effect.provide(context))
      return SessionAuthentication.of({ secure: check, plain: check })
    })
  )

const noMark = new Unauthorized({ detail: "This call does not come over a connection of this server." })

/** The upgrade request's headers come with each call of its socket. */
export const layerRpcAuthentication: Layer.Layer<
  RpcAuthentication,
  never,
  ConnectionMark | LocalOperator | Sessions | ServerConfig
> = Layer.effect(
  RpcAuthentication,
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const config = yield* ServerConfig
    const operator = yield* LocalOperator
    const { read } = yield* ConnectionMark
    return RpcAuthentication.of(({ headers }) =>
      Effect.gen(function* () {
        const { address, isOperator } = yield* Effect.mapError(read(headers), () => noMark)
        if (isOperator) return { user: operator.user, address }
        const token = tokenIn(config, headers["cookie"])
        if (token === undefined) return yield* noCookie
        const { user } = yield* sessions.authenticate(token)
        return { user, address }
      }).pipe(Effect.catchTag("StoreUnavailable", (error) => Effect.fail(new Unauthorized({ detail: error.message }))))
    )
  })
)
