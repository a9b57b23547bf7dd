import * as Cookies from "@effect/platform/Cookies"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { Principal } from "@vigil/core/contract/Principal"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { type Beginning, type IdempotencyKey, IdempotencyStore, type KeptAnswer } from "@vigil/core/port/IdempotencyStore"
import { PublishTokenStore } from "@vigil/core/port/PublishTokenStore"
import { WorkerTokenStore } from "@vigil/core/port/WorkerTokenStore"
import { Cause, DateTime, Effect, Fiber, FiberRef, Option } from "effect"
import { createHash } from "node:crypto"
import { bearerOf, hashToken, isToken } from "../auth/Token.js"
import { allowedCaller, type Credentials } from "./Authentication.js"
import { problemResponse } from "./ProblemResponse.js"
import { toProblem } from "./ToProblem.js"

type Request = HttpServerRequest.HttpServerRequest
type Response = HttpServerResponse.HttpServerResponse

/** Bytes of the largest body of an answer that is kept. */
const largestAnswer = 128 * 1024

/** Answers that tell nothing of what was asked for: the next request with the key is done. */
const passing: ReadonlySet<number> = new Set([401, 408, 429])

/** Every POST that needs authentication; without it nobody could be told from anybody else. */
const guarded: ReadonlySet<string> = (() => {
  const found = new Set<string>()
  HttpApi.reflect(VigilApi, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint, middleware }) => {
      if (endpoint.method === "POST" && middleware.size > 0) found.add(endpoint.path)
    }
  })
  return found
})()

/** The draft's form is a string of structured fields (RFC 9651 3.3.3); many clients leave out its quotes. */
const keyIn = (header: string): string | undefined => /^("?)([!#-~]{1,255})\1$/.exec(header)?.[2]

const refusal = (status: 400 | 409 | 422, kind: string, title: string, detail: string) =>
  problemResponse({ status, kind: `idempotency-${kind}`, title, detail })

const malformedKey = refusal(
  400,
  "key",
  "Bad request",
  "An Idempotency-Key has 1 to 255 visible ASCII characters, with or without quotes around it; take a UUID."
)

const otherRequest = refusal(
  422,
  "key-reused",
  "The key is that of another request",
  "This Idempotency-Key was used for another request within 24 hours: take a new key for each thing that is to be done."
)

const answerLost = refusal(
  409,
  "answer-lost",
  "Done already",
  "This request was done, but its answer could not be kept: look at what is there now."
)

const underWay = (since: DateTime.Utc) =>
  HttpServerResponse.setHeader(
    refusal(
      409,
      "under-way",
      "Under way",
      `The first request with this Idempotency-Key came at ${DateTime.formatIso(since)} and has no answer yet. If it gets none, ` +
        "its server has ended and whether it was done is not known: look, and use another key."
    ),
    "retry-after",
    "1"
  )

const keptOf = ({ body, cookies, headers, status }: Response): KeptAnswer | null => {
  if (!Cookies.isEmpty(cookies) || (body._tag !== "Empty" && body._tag !== "Uint8Array")) return null
  const bytes = body._tag === "Empty" ? new Uint8Array() : body.body
  return bytes.length > largestAnswer ? null : { status, headers, body: Buffer.from(bytes).toString("base64") }
}

const replayOf = ({ body, headers, status }: KeptAnswer): Response => {
  const own = { ...headers, "idempotent-replayed": "true" }
  return body === ""
    ? HttpServerResponse.empty({ status, headers: own })
    : HttpServerResponse.uint8Array(Buffer.from(body, "base64"), {
        status,
        headers: own,
        contentType: headers["content-type"] ?? "application/octet-stream"
      })
}

const responseOf = (beginning: Exclude<Beginning, { readonly _tag: "Begun" }>): Response => {
  switch (beginning._tag) {
    case "OtherRequest":
      return otherRequest
    case "UnderWay":
      return underWay(beginning.since)
    case "AnswerLost":
      return answerLost
    case "Answered":
      return replayOf(beginning.answer)
  }
}

/**
 * The body, and the request with which it can be read once more. What is read as text is remembered by the request itself; bytes are
 * not.
 */
const readBody = (request: Request) => {
  const type = request.headers["content-type"]?.toLowerCase() ?? "application/json"
  if (/json|^text\/|urlencoded/.test(type)) return Effect.map(request.text, (body) => ({ body, again: request }))
  return Effect.map(request.arrayBuffer, (buffer) => ({
    body: new Uint8Array(buffer),
    again: new Proxy(request, {
      get: (target, name): unknown => (name === "arrayBuffer" ? Effect.succeed(buffer) : Reflect.get(target, name, target))
    })
  }))
}

const fingerprintOf = ({ method, url }: Request, body: string | Uint8Array): string =>
  createHash("sha256").update(`${method} ${url}\n`).update(body).digest("base64")

/** The answer as it leaves, with the headers that handlers have added for later. */
const completed = (request: Request, response: Response) =>
  Effect.flatMap(FiberRef.getAndSet(HttpApp.currentPreResponseHandlers, Option.none()), (handler) =>
    Option.isNone(handler) ? Effect.succeed(response) : handler.value(request, response)
  )

const unkept = (what: string) => (error: { readonly message: string }) =>
  Effect.logWarning(`an idempotency key's request ${what}, which could not be noted: ${error.message}`)

/**
 * Does a POST with an `Idempotency-Key` once (draft-ietf-httpapi-idempotency-key-header-07): whoever repeats it within 24 hours is given the
 * first answer. What has begun goes on when its client is gone, so that a repeat finds the answer.
 */
export const layerIdempotency = HttpLayerRouter.middleware(
  Effect.gen(function* () {
    const store = yield* IdempotencyStore
    const publishers = yield* PublishTokenStore
    const workers = yield* WorkerTokenStore
    const scope = yield* Effect.scope
    const context = yield* Effect.context<Credentials>()

    /** With the role, so that nobody is given what another role was answered. */
    const person = Effect.map(allowedCaller, ({ key, user: { id, role, tenantId } }: typeof Principal.Service) => ({
      tenant: tenantId,
      caller: ["user", id, role, ...(key?.scopes.toSorted() ?? [])].join(" ")
    })).pipe(Effect.provide(context))

    const tokenHolder = (request: Request) =>
      Effect.gen(function* () {
        const token = bearerOf(request.headers["authorization"])
        if (token === undefined || !isToken(token)) return undefined
        const hash = hashToken(token)
        const right = Option.getOrUndefined(yield* publishers.find(hash)) ?? Option.getOrUndefined(yield* workers.find(hash))
        return right && { tenant: right.tenantId, caller: `token ${Buffer.from(hash).toString("base64")}` }
      })

    /** Nobody where the request is not allowed: its handler says why. */
    const callerOf = (request: Request) =>
      person.pipe(
        Effect.catchTags({
          Unauthorized: () => tokenHolder(request),
          ScopeMissing: () => Effect.succeed(undefined),
          SecondFactorLacking: () => Effect.succeed(undefined)
        })
      )

    const keep = (key: IdempotencyKey, response: Response) =>
      response.status >= 500 || passing.has(response.status)
        ? Effect.catchAll(store.release(key), unkept("was not done"))
        : Effect.catchAll(store.finish(key, keptOf(response)), unkept("was done"))

    const once = <E, R>(key: IdempotencyKey, request: Request, work: Effect.Effect<Response, E, R>) =>
      work.pipe(
        Effect.flatMap((response) => completed(request, response)),
        Effect.tapErrorCause((cause) =>
          Cause.isInterrupted(cause) ? Effect.void : Effect.catchAll(store.release(key), unkept("failed"))
        ),
        Effect.tap((response) => keep(key, response)),
        Effect.interruptible
      )

    return (handler) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const { route } = yield* HttpLayerRouter.RouteContext
        const header = request.headers["idempotency-key"]
        if (header === undefined || route.method !== "POST" || !guarded.has(route.path)) return yield* handler
        const who = yield* callerOf(request)
        if (who === undefined) return yield* handler
        const name = keyIn(header)
        if (name === undefined) return malformedKey
        const key = { ...who, key: name }
        const { again, body } = yield* readBody(request)
        const work = Effect.provideService(handler, HttpServerRequest.HttpServerRequest, again)
        return yield* Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(store.begin(key, fingerprintOf(request, body)), (beginning) =>
            beginning._tag === "Begun"
              ? Effect.flatMap(Effect.forkIn(once(key, request, work), scope), (fiber) => restore(Fiber.join(fiber)))
              : Effect.succeed(responseOf(beginning))
          )
        )
      }).pipe(Effect.catchTag("StoreUnavailable", (error) => Effect.fail(toProblem(error))))
  })
)
