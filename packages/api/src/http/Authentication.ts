import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type { ApiKeyScope } from "@vigil/core/ApiKey"
import { httpScopes, rpcScopes } from "@vigil/core/contract/KeyScopes"
import { Principal, Unauthorized } from "@vigil/core/contract/Principal"
import { withScope } from "@vigil/core/control/Authorization"
import { SessionAuthentication } from "@vigil/core/contract/api/SessionAuthentication"
import { RpcAuthentication } from "@vigil/core/contract/RpcAuthentication"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import type { ActiveSession } from "@vigil/core/port/SessionStore"
import { Effect, Layer, Option } from "effect"
import { AccessTokens, isAccessToken } from "../auth/AccessTokens.js"
import type { ForeignAccess } from "../auth/ForeignAccess.js"
import { ApiKeys, isApiKey } from "../auth/ApiKeys.js"
import { LocalOperator } from "../auth/LocalOperator.js"
import { SecondFactorLacking } from "../auth/SecondFactors.js"
import { Sessions } from "../auth/Sessions.js"
import { bearerOf } from "../auth/Token.js"
import { ServerConfig } from "../ServerConfig.js"
import { ConnectionMark } from "./ConnectionMark.js"
import { noteForeign, RpcCallers } from "./ForeignNotice.js"
import { LicenceNotice } from "./LicenceNotice.js"
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

/** What credentials are checked with. */
export type Credentials = AccessTokens | ApiKeys | ForeignAccess | LicenceNotice | LocalOperator | Sessions | ServerConfig

/** The session that the headers of a request prove: by an access token, or by the cookie. */
const sessionIn = (headers: Headers) =>
  Effect.gen(function* () {
    const bearer = bearerOf(headers["authorization"])
    if (bearer !== undefined && isAccessToken(bearer)) return yield* (yield* AccessTokens).authenticate(bearer)
    const token = tokenIn(yield* ServerConfig, headers["cookie"])
    return token === undefined ? yield* noCookie : yield* (yield* Sessions).authenticate(token)
  })

/** The session of the current request. */
export const currentSession = Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) => sessionIn(headers))

/** Fails for users who have to set up a second factor first. */
const complete = (active: ActiveSession): Effect.Effect<ActiveSession, SecondFactorLacking> =>
  active.lacksSecondFactor ? new SecondFactorLacking() : Effect.succeed(active)

/**
 * Who opens a connection with the current request, or has something stay open by it, by what name that is told from others, and what completes when that is
 * over: nothing of the operator's is.
 */
export const currentStay = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  if (Option.isSome((yield* LocalOperator).recognise(request)))
    return { who: "operator" as const, name: "operator", ended: Effect.never }
  const apiKey = apiKeyIn(request.headers)
  if (apiKey === undefined) {
    const { session } = yield* complete(yield* currentSession)
    return { who: session.id, name: `session ${session.id}`, ended: (yield* Sessions).ended(session.id) }
  }
  const keys = yield* ApiKeys
  const { key } = yield* keys.authenticate(apiKey)
  return { who: "key" as const, name: `key ${key.id}`, ended: keys.ended(apiKey) }
})

interface Caller {
  readonly caller: typeof Principal.Service
  /** The user of a session who has to set up a second factor first. */
  readonly isLacking: boolean
}

/** Who makes the current request: the operator of this machine, the holder of an API key, or the user of its session. */
const currentCaller = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { address } = visitorOf(request, yield* ServerConfig)
  const operator = (yield* LocalOperator).recognise(request)
  if (Option.isSome(operator)) return { caller: { user: operator.value, address }, isLacking: false }
  const apiKey = apiKeyIn(request.headers)
  if (apiKey !== undefined) {
    return { caller: { ...(yield* (yield* ApiKeys).authenticate(apiKey)), address }, isLacking: false }
  }
  const { lacksSecondFactor, user } = yield* currentSession
  return { caller: { user, address }, isLacking: lacksSecondFactor }
}).pipe(Effect.map((found): Caller => found))

/** Lets a caller on who may make the call; `call` is none of `VigilApi` where it is empty. */
const admit = ({ caller, isLacking }: Caller, call: string, needed: Needed) =>
  Effect.gen(function* () {
    if (isLacking && !isAccount(call)) return yield* new SecondFactorLacking()
    return yield* withScope(caller, needed)
  })

type Needed = ApiKeyScope | "any" | undefined

/** What is open to users who have to set up a second factor first: that, and their own account. */
const isAccount = (call: string): boolean => call.startsWith("session.") || call.startsWith("secondFactor.")

/** The call of `VigilApi` that each route is. */
const routeCalls: ReadonlyMap<string, string> = (() => {
  const found = new Map<string, string>()
  HttpApi.reflect(VigilApi, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint: { method, name, path }, group }) => found.set(`${method} ${path}`, `${group.identifier}.${name}`)
  })
  return found
})()

/** The caller of the current request to `VigilApi`, if its route is open to the caller's credentials. */
export const allowedCaller = Effect.gen(function* () {
  const { route } = yield* HttpLayerRouter.RouteContext
  const call = routeCalls.get(`${route.method} ${route.path}`) ?? ""
  const allowed = yield* admit(yield* currentCaller, call, httpScopes[call])
  yield* (yield* LicenceNotice).addTo(allowed.user.tenantId)
  const { url } = yield* HttpServerRequest.HttpServerRequest
  yield* noteForeign(allowed, { call, many: call === "cameras.bulk", url })
  return allowed
})

/** For routes outside of `VigilApi`: the work of signed-in users, and of API keys that may read. */
export const withSession = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  currentCaller.pipe(
    Effect.flatMap((caller) => admit(caller, "", "read")),
    Effect.mapError(toProblem),
    Effect.flatMap((caller) => Effect.provideService(work, Principal, caller))
  )

/** Which credentials count is told by the request and the configuration, so all schemes are one check. */
export const layerSessionAuthentication: Layer.Layer<SessionAuthentication, never, Credentials> = Layer.effect(
  SessionAuthentication,
  Effect.map(Effect.context<Credentials>(), (context) => {
    const check = () => allowedCaller.pipe(Effect.mapError(toProblem), Effect.provide(context))
    return SessionAuthentication.of({ secure: check, plain: check, bearer: check })
  })
)

const noMark = new Unauthorized({ detail: "This call does not come over a connection of this server." })

/** The upgrade request's headers come with each call of its socket. */
export const layerRpcAuthentication: Layer.Layer<
  RpcAuthentication,
  never,
  ApiKeys | ConnectionMark | LocalOperator | RpcCallers | Sessions
> = Layer.effect(
  RpcAuthentication,
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const keys = yield* ApiKeys
    const operator = yield* LocalOperator
    const { read } = yield* ConnectionMark
    const callers = yield* RpcCallers
    return RpcAuthentication.of(({ clientId, headers, rpc }) =>
      Effect.gen(function* () {
        const { address, who } = yield* Effect.mapError(read(headers), () => noMark)
        if (who === "operator") return { user: operator.user, address }
        if (who === "key") {
          const holder = yield* keys.authenticate(apiKeyIn(headers) ?? "")
          return yield* withScope({ ...holder, address }, rpcScopes[rpc._tag])
        }
        const { user } = yield* complete(yield* sessions.active(who))
        return { user, address }
      }).pipe(
        Effect.tap((caller: typeof Principal.Service) => callers.set(clientId, caller)),
        Effect.catchTags({
          StoreUnavailable: ({ message }) => Effect.fail(new Unauthorized({ detail: message })),
          SecondFactorLacking: ({ message }) => Effect.fail(new Unauthorized({ detail: message }))
        })
      )
    )
  })
)
