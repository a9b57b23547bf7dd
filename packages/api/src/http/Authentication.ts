import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type { ApiKeyScope } from "@vigil/core/ApiKey"
import { httpScopes, rpcScopes } from "@vigil/core/contract/KeyScopes"
import { Principal, ScopeMissing, Unauthorized } from "@vigil/core/contract/Principal"
import { SessionAuthentication } from "@vigil/core/contract/api/SessionAuthentication"
import { RpcAuthentication } from "@vigil/core/contract/RpcAuthentication"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect, Layer, Option } from "effect"
import { ApiKeys, isApiKey } from "../auth/ApiKeys.js"
import { LocalOperator } from "../auth/LocalOperator.js"
import { Sessions } from "../auth/Sessions.js"
import { bearerOf } from "../auth/Token.js"
import { ServerConfig } from "../ServerConfig.js"
import { ConnectionMark } from "./ConnectionMark.js"
import { tokenIn } from "./SessionCookie.js"
import { toProblem } from "./ToProblem.js"
import { visitorOf } from "./Visitor.js"

const noCookie = new Unauthorized({ detail: "Sign in first." })

type Headers = HttpServerRequest.HttpServerRequest["headers"]

/** The API key in the headers of a request. */
const apiKeyIn = (headers: Headers): string | undefined => {
  const token = bearerOf(headers["authorization"])
  return token !== undefined && isApiKey(token) ? token : undefined
}

/** The session of the current request, and its token. */
export const currentSession = Effect.gen(function* () {
  const { headers } = yield* HttpServerRequest.HttpServerRequest
  const token = tokenIn(yield* ServerConfig, headers["cookie"])
  if (token === undefined) return yield* noCookie
  return { token, ...(yield* (yield* Sessions).authenticate(token)) }
})

/** What may end while a connection is open, of the current request: its API key or its session; nothing of the operator's. */
export const currentEnd = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  if (Option.isSome((yield* LocalOperator).recognise(request))) return Effect.never
  const apiKey = apiKeyIn(request.headers)
  if (apiKey === undefined) return (yield* Sessions).ended((yield* currentSession).token)
  const keys = yield* ApiKeys
  yield* keys.authenticate(apiKey)
  return keys.ended(apiKey)
})

/** Who makes the current request: the operator of this machine, the holder of an API key, or the user of its session. */
const currentCaller = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { address } = visitorOf(request, yield* ServerConfig)
  const operator = (yield* LocalOperator).recognise(request)
  if (Option.isSome(operator)) return { user: operator.value, address }
  const apiKey = apiKeyIn(request.headers)
  if (apiKey !== undefined) return { ...(yield* (yield* ApiKeys).authenticate(apiKey)), address }
  return { user: (yield* currentSession).user, address }
})

type Needed = ApiKeyScope | "any" | undefined

/** Lets a caller on whose credentials are good for the call: of API keys only those with the scope; none where the call has none. */
const withScope = <Caller extends typeof Principal.Service>(
  caller: Caller,
  needed: Needed
): Effect.Effect<Caller, ScopeMissing> => {
  if (caller.key === undefined || needed === "any") return Effect.succeed(caller)
  return needed !== undefined && caller.key.scopes.includes(needed)
    ? Effect.succeed(caller)
    : new ScopeMissing({ needed: needed ?? null })
}

/** The scope that each route of `VigilApi` needs of API keys. */
const routeScopes: ReadonlyMap<string, Needed> = (() => {
  const found = new Map<string, Needed>()
  HttpApi.reflect(VigilApi, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint: { method, name, path }, group }) =>
      found.set(`${method} ${path}`, httpScopes[`${group.identifier}.${name}`])
  })
  return found
})()

/** The caller of the current request to `VigilApi`, if its route is open to the caller's credentials. */
export const allowedCaller = Effect.gen(function* () {
  const { route } = yield* HttpLayerRouter.RouteContext
  return yield* withScope(yield* currentCaller, routeScopes.get(`${route.method} ${route.path}`))
})

/** For routes outside of `VigilApi`: the work of signed-in users, and of API keys that may read. */
export const withSession = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  currentCaller.pipe(
    Effect.flatMap((caller) => withScope(caller, "read")),
    Effect.mapError(toProblem),
    Effect.flatMap((caller) => Effect.provideService(work, Principal, caller))
  )

/** Which credentials count is told by the request and the configuration, so all schemes are one check. */
export const layerSessionAuthentication: Layer.Layer<
  SessionAuthentication,
  never,
  ApiKeys | LocalOperator | Sessions | ServerConfig
> = Layer.effect(
  SessionAuthentication,
  Effect.map(Effect.context<ApiKeys | LocalOperator | Sessions | ServerConfig>(), (context) => {
    const check = () => allowedCaller.pipe(Effect.mapError(toProblem), Effect.provide(context))
    return SessionAuthentication.of({ secure: check, plain: check, bearer: check })
  })
)

const noMark = new Unauthorized({ detail: "This call does not come over a connection of this server." })

/** The upgrade request's headers come with each call of its socket. */
export const layerRpcAuthentication: Layer.Layer<
  RpcAuthentication,
  never,
  ApiKeys | ConnectionMark | LocalOperator | Sessions | ServerConfig
> = Layer.effect(
  RpcAuthentication,
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const keys = yield* ApiKeys
    const config = yield* ServerConfig
    const operator = yield* LocalOperator
    const { read } = yield* ConnectionMark
    return RpcAuthentication.of(({ headers, rpc }) =>
      Effect.gen(function* () {
        const { address, isOperator } = yield* Effect.mapError(read(headers), () => noMark)
        if (isOperator) return { user: operator.user, address }
        const apiKey = apiKeyIn(headers)
        if (apiKey !== undefined) return yield* withScope({ ...(yield* keys.authenticate(apiKey)), address }, rpcScopes[rpc._tag])
        const token = tokenIn(config, headers["cookie"])
        if (token === undefined) return yield* noCookie
        const { user } = yield* sessions.authenticate(token)
        return { user, address }
      }).pipe(Effect.catchTag("StoreUnavailable", (error) => Effect.fail(new Unauthorized({ detail: error.message }))))
    )
  })
)
