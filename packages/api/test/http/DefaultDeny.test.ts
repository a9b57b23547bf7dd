import { describe, expect, layer } from "@effect/vitest"
import { LocalOperator } from "@vigil/api/auth/LocalOperator"
import { rawRoutes } from "@vigil/api/http/RouteTable"
import { SessionAuthentication } from "@vigil/core/contract/api/SessionAuthentication"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { PublisherAuthentication } from "@vigil/core/contract/api/PublisherAuthentication"
import { WorkerAuthentication } from "@vigil/core/contract/api/WorkerAuthentication"
import { EdgeRpc, edgeRpcPath } from "@vigil/core/contract/EdgeRpc"
import { VigilRpc } from "@vigil/core/contract/VigilRpc"
import * as HttpApi from "@effect/platform/HttpApi"
import { Context, Effect, Redacted } from "effect"
import { WebSocket } from "ws"
import { layerTestServer, TestServer } from "./TestServer.js"

/** All that anybody may call; everything else needs a session. */
const publicEndpoints = new Set([
  "GET /api/v1/setup",
  "POST /api/v1/setup",
  "POST /api/v1/session",
  "GET /api/v1/sign-in",
  "POST /api/v1/password-reset",
  "POST /api/v1/tokens/exchange",
  "PUT /api/v1/password-reset",
  "GET /api/v1/openid/:slug/begin",
  "GET /api/v1/openid/callback",
  "POST /api/v1/tokens",
  "POST /api/v1/tokens/refresh",
  "POST /api/v1/tokens/revocation",
  "GET /api/v1/.well-known/jwks.json",
  "GET /health",
  "GET /health/live",
  "GET /health/ready",
  "GET /*"
])

interface Door {
  readonly method: string
  readonly path: string
}

const endpoints = (): ReadonlyArray<Door> => {
  const found: Array<Door> = []
  HttpApi.reflect(VigilApi, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint }) => found.push({ method: endpoint.method, path: endpoint.path })
  })
  return [...found, ...rawRoutes]
}

const filled = (path: string): string =>
  path
    .replace(":viewId", "view-1")
    .replace(":publicationId", "publication-1")
    .replace(/:\w+/g, "00000000-0000-4000-8000-00000000000a")
    .replace("*", "anything")

const isPublic = ({ method, path }: Door) => publicEndpoints.has(`${method} ${path}`)

/** These want a camera's publish token instead of a session. */
const isForPublishers = ({ path }: { readonly path: string }) => /\/cameras\/:id\/whip(\/|$)/.test(path)

/** This wants an edge's token instead of a session. */
const isForEdges = ({ path }: { readonly path: string }) => path === edgeRpcPath

/** These want a worker token, or a session. */
const isForWorkers = ({ path }: { readonly path: string }) => path.endsWith("/cameras/:id/heartbeat")

const authenticationOf = (endpoint: { readonly path: string }): string => {
  if (isForPublishers(endpoint)) return PublisherAuthentication.key
  return isForWorkers(endpoint) ? WorkerAuthentication.key : SessionAuthentication.key
}

/** The status of a WebSocket upgrade that was refused; 101 where it was not. */
const upgrade = (url: string, headers: Record<string, string>) =>
  Effect.async<number>((resume) => {
    const socket = new WebSocket(url.replace("http", "ws"), { headers })
    socket.once("open", () => {
      socket.close()
      resume(Effect.succeed(101))
    })
    socket.once("unexpected-response", (_, response) => {
      response.resume()
      socket.terminate()
      resume(Effect.succeed(response.statusCode ?? 0))
    })
    socket.on("error", () => undefined)
  })

describe("default deny", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("knows every endpoint, and lets strangers into the public ones only", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const doors = endpoints()
        expect(doors.length).toBeGreaterThan(37)
        expect(
          doors
            .filter(isPublic)
            .map(({ method, path }) => `${method} ${path}`)
            .sort()
        ).toEqual([...publicEndpoints].sort())
        for (const door of doors) {
          const { headers, json, status } = yield* visit({ method: door.method, path: filled(door.path) })
          if (isPublic(door)) expect([200, 302, 400, 503], `${door.method} ${door.path}`).toContain(status)
          else {
            expect(status, `${door.method} ${door.path}`).toBe(401)
            expect(headers.get("content-type")).toBe("application/problem+json")
            expect(headers.get("www-authenticate")).toContain(isForPublishers(door) || isForEdges(door) ? "Bearer" : "Cookie")
            expect(json).toMatchObject({ status: 401, type: "urn:vigil:problem:unauthorized" })
          }
        }
      })
    )

    it.effect("lets the operator's token in from this machine only, and through no proxy", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const token = Redacted.value((yield* LocalOperator).token)
        const status = (door: Door, headers: Record<string, string>) =>
          Effect.map(visit({ method: door.method, path: filled(door.path), headers }), (answer) => answer.status)
        const authorization = `Bearer ${token}`
        const refused = [
          { authorization: "Bearer" },
          { authorization: "Bearer x" },
          { authorization: `Bearer ${token}x` },
          { authorization: `Basic ${token}` },
          { authorization, "x-forwarded-for": "127.0.0.1" },
          { authorization, forwarded: "for=127.0.0.1" },
          { "x-vigil-connection": `${token} operator 127.0.0.1` }
        ]
        for (const door of endpoints().filter((each) => !isPublic(each))) {
          for (const headers of refused) {
            expect(yield* status(door, headers), `${door.method} ${door.path} ${Object.keys(headers).join()}`).toBe(401)
          }
        }
        for (const path of ["/api/v1/session", "/api/v1/users", "/api/v1/cameras", "/api/v1/openapi.json", "/docs", "/metrics"]) {
          expect(yield* status({ method: "GET", path }, { authorization }), path).toBe(200)
        }
        expect((yield* visit({ path: "/api/v1/session", headers: { authorization } })).json).toMatchObject({
          username: "operator",
          role: "admin"
        })
      })
    )

    it.effect("takes no made-up, empty or foreign cookie for a session", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const token = cookies.admin.split("=")[1] ?? ""
        expect((yield* visit({ path: "/api/v1/session", cookie: cookies.admin })).status).toBe(200)
        for (const cookie of [
          "vigil-session=",
          "vigil-session=x",
          `vigil-session=${token}x`,
          `other=${token}`,
          `__Host-vigil-session=${token}`
        ]) {
          expect((yield* visit({ path: "/api/v1/session", cookie })).status).toBe(401)
        }
      })
    )

    it.effect("refuses the upgrade to RPC without a session, and from pages of other sites", () =>
      Effect.gen(function* () {
        const { cookies, url } = yield* TestServer
        const path = `${url}/api/v1/rpc`
        const cookie = cookies.admin
        expect(yield* upgrade(path, {})).toBe(401)
        expect(yield* upgrade(path, { cookie: "vigil-session=made-up" })).toBe(401)
        expect(yield* upgrade(path, { authorization: "Bearer made-up" })).toBe(401)
        expect(yield* upgrade(path, { cookie, origin: "https://evil.example" })).toBe(403)
        expect(yield* upgrade(path, { cookie, origin: "null" })).toBe(403)
        expect(yield* upgrade(path, { cookie, origin: `${url}.evil.example` })).toBe(403)
        expect(yield* upgrade(path, { cookie, origin: url })).toBe(101)
        expect(yield* upgrade(path, { cookie })).toBe(101)
      })
    )

    it.effect("refuses changes that pages of other sites ask for", () =>
      Effect.gen(function* () {
        const { cookies, url, visit } = yield* TestServer
        const change = (headers: Record<string, string>) =>
          Effect.map(
            visit({ method: "POST", path: "/api/v1/cameras", body: {}, cookie: cookies.admin, headers }),
            ({ status }) => status
          )
        expect(yield* change({ origin: "https://evil.example" })).toBe(403)
        expect(yield* change({ "sec-fetch-site": "cross-site" })).toBe(403)
        expect(yield* change({ origin: url })).toBe(400)
        expect(
          (yield* visit({ method: "POST", path: "/api/v1/session", body: {}, headers: { origin: "https://evil.example" } }))
            .status
        ).toBe(403)
      })
    )

    it.effect("has authentication in the contract of every call", () =>
      Effect.sync(() => {
        for (const rpc of VigilRpc.requests.values()) {
          expect(
            [...rpc.middlewares].map((middleware) => middleware.key),
            rpc._tag
          ).toContain("@vigil/core/RpcAuthentication")
        }
        for (const rpc of EdgeRpc.requests.values()) {
          expect(
            [...rpc.middlewares].map((middleware) => middleware.key),
            rpc._tag
          ).toContain("@vigil/core/EdgeAuthentication")
        }
        HttpApi.reflect(VigilApi, {
          onGroup: () => undefined,
          onEndpoint: ({ endpoint, middleware }) => {
            const open = isPublic({ method: endpoint.method, path: endpoint.path })
            const key = authenticationOf(endpoint)
            expect(
              [...middleware].some((tag) => tag.key === key),
              endpoint.path
            ).toBe(!open)
          }
        })
        expect(Context.isTag(SessionAuthentication)).toBe(true)
      })
    )
  })
})
