import * as HttpApi from "@effect/platform/HttpApi"
import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { ApiKey, type ApiKeyScope, MadeApiKey } from "@vigil/core/ApiKey"
import { AuditPage } from "@vigil/core/AuditEntry"
import { httpScopes, rpcScopes } from "@vigil/core/contract/KeyScopes"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { VigilRpc } from "@vigil/core/contract/VigilRpc"
import { defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { User } from "@vigil/core/User"
import { Effect, Either, Schedule, Schema } from "effect"
import { newCamera } from "../Samples.js"
import { rpcClientWith } from "./RpcVisitor.js"
import { layerTestServer, TestServer } from "./TestServer.js"

const keys = "/api/v1/api-keys"
const someId = "00000000-0000-4000-8000-00000000000a"
const decodeMade = Schema.decodeUnknownSync(MadeApiKey)
const decodeKeys = Schema.decodeUnknownSync(Schema.Array(ApiKey))
const decodeUsers = Schema.decodeUnknownSync(Schema.Array(User))

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

const ask = (cookie: string, body: object) =>
  Effect.flatMap(TestServer, ({ visit }) => visit({ method: "POST", path: keys, cookie, body }))

const makeKey = (cookie: string, scopes: ReadonlyArray<ApiKeyScope>, more: object = {}) =>
  Effect.map(ask(cookie, { name: "program", scopes, ...more }), ({ json }) => decodeMade(json))

const statusWith = (key: string, method: string, path: string, body?: unknown) =>
  Effect.flatMap(TestServer, ({ visit }) =>
    Effect.map(visit({ method, path, headers: bearer(key), ...(body === undefined ? {} : { body }) }), ({ status }) => status)
  )

/** Polls until the key is refused: a server may believe it a moment longer. */
const refused = (key: string) =>
  Effect.repeat(statusWith(key, "GET", "/api/v1/cameras"), {
    until: (status) => status === 401,
    schedule: Schedule.spaced("100 millis")
  }).pipe(Effect.timeout("60 seconds"))

const userId = (name: string) =>
  Effect.gen(function* () {
    const { cookies, visit } = yield* TestServer
    const users = decodeUsers((yield* visit({ path: "/api/v1/users", cookie: cookies.admin })).json)
    return users.find(({ username }) => username === name)?.id ?? ""
  })

interface Door {
  readonly name: string
  readonly method: string
  readonly path: string
}

/** Every call of the HTTP interface that needs a session. */
const doors = (): ReadonlyArray<Door> => {
  const found: Array<Door> = []
  HttpApi.reflect(VigilApi, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint: { method, name, path }, group, middleware }) => {
      if (![...middleware].some(({ key }) => key === "@vigil/core/SessionAuthentication")) return
      const filled = path.replace(":name", "north").replace(":viewId", "view-1").replace(/:\w+/g, someId)
      found.push({ name: `${group.identifier}.${name}`, method, path: filled })
    }
  })
  return found
}

describe("API keys", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("are told once, and kept as hashes", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const made = yield* makeKey(cookies.operator, ["read", "operate"])
        expect(made.key).toMatch(/^vgl_[A-Za-z0-9_-]{43}$/)
        expect(made).toMatchObject({ name: "program", owner: { username: "operator" }, expiresAt: null, lastUsedAt: null })
        const listed = yield* visit({ path: keys, cookie: cookies.operator })
        expect(listed.text).not.toContain(made.key)
        expect(decodeKeys(listed.json).map(({ hint, id }) => [id, hint])).toEqual([[made.id, made.key.slice(0, 8)]])
        const rows = yield* (yield* Database).system("look", (sql) => sql`select * from api_keys`)
        const kept = JSON.stringify(rows, (_, value: unknown) =>
          value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value
        )
        expect(kept).not.toContain(made.key.slice(8))
      })
    )

    it.effect("open what their scope holds, and nothing that is not listed", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const all = doors()
        expect(Object.keys(httpScopes).filter((name) => name !== "heartbeat.beat")).toEqual(
          expect.arrayContaining(all.map(({ name }) => name).filter((name) => name in httpScopes))
        )
        for (const scope of ["read", "operate", "configure"] as const) {
          const { key } = yield* makeKey(cookies.admin, [scope])
          for (const { method, name, path } of all) {
            const needed = httpScopes[name]
            const { json, status } = yield* visit({ method, path, headers: bearer(key) })
            const isRefused = status === 403 && (json as { readonly type?: string }).type === "urn:vigil:problem:scope"
            expect(isRefused, `${scope}: ${method} ${path} -> ${status}`).toBe(needed !== "any" && needed !== scope)
            expect(status, `${scope}: ${method} ${path}`).not.toBe(401)
          }
          for (const path of ["/api/v1/openapi.json", "/docs", "/metrics"]) {
            expect(yield* statusWith(key, "GET", path), `${scope} ${path}`).toBe(scope === "read" ? 200 : 403)
          }
        }
      })
    )

    it.effect("have a scope only for calls that exist", () =>
      Effect.sync(() => {
        const names = new Set<string>()
        HttpApi.reflect(VigilApi, {
          onGroup: () => undefined,
          onEndpoint: ({ endpoint, group }) => names.add(`${group.identifier}.${endpoint.name}`)
        })
        expect(Object.keys(httpScopes).filter((name) => !names.has(name))).toEqual([])
        expect(Object.keys(rpcScopes).filter((name) => !VigilRpc.requests.has(name))).toEqual([])
      })
    )

    it.scoped("open calls of RPC by the same scopes, and close their connection when they end", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { id } = yield* (yield* CameraStore).create(defaultTenant, newCamera())
        const made = yield* makeKey(cookies.admin, ["read"])
        const rpc = yield* rpcClientWith(bearer(made.key))
        expect((yield* rpc.WhoAmI()).role).toBe("viewer")
        expect((yield* rpc.ListCameras()).map((camera) => camera.id)).toContain(id)
        for (const [needed, call] of [
          ["operate", rpc.RestartCamera({ id })],
          ["configure", rpc.DeleteCamera({ id })],
          ["configure", rpc.StopCamera({ id })],
          [null, rpc.QueryAudit({ query: { limit: 1 } })],
          [null, rpc.ListTenants()]
        ] as const) {
          expect(yield* Effect.flip<unknown, unknown, never>(call)).toMatchObject({ _tag: "ScopeMissing", needed })
        }
        yield* visit({ method: "DELETE", path: `${keys}/${made.id}`, cookie: cookies.admin })
        yield* refused(made.key)
        const later = yield* Effect.either(Effect.timeout(rpc.WhoAmI(), "6 seconds"))
        expect(Either.isLeft(later)).toBe(true)
      })
    )

    it.effect("never allow more than their owner has, now", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const camera = { name: "x", url: "rtsp://192.0.2.1/1" }
        expect((yield* ask(cookies.viewer, { name: "x", scopes: ["configure"] })).json).toMatchObject({
          status: 403,
          detail: "the scope configure needs the role supervisor; yours is viewer"
        })
        const { key } = yield* makeKey(cookies.supervisor, ["configure", "read"])
        expect(yield* statusWith(key, "POST", "/api/v1/cameras", camera)).toBe(201)
        const admins = yield* makeKey(cookies.admin, ["configure"])
        expect(yield* statusWith(admins.key, "POST", "/api/v1/cameras", { name: "x", url: "file:///etc/passwd" })).toBe(403)
        const path = `/api/v1/users/${yield* userId("supervisor")}`
        yield* visit({ method: "PATCH", path, cookie: cookies.admin, body: { role: "viewer" } })
        yield* Effect.repeat(statusWith(key, "POST", "/api/v1/cameras", camera), {
          until: (status) => status === 403,
          schedule: Schedule.spaced("100 millis")
        }).pipe(Effect.timeout("60 seconds"))
        expect(yield* statusWith(key, "GET", "/api/v1/cameras")).toBe(200)
        yield* visit({ method: "DELETE", path, cookie: cookies.admin })
        yield* refused(key)
      })
    )

    it.effect("are seen and revoked by their owner and administrators alone, who may make them for others", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const owner = yield* userId("viewer")
        expect((yield* ask(cookies.operator, { name: "x", scopes: ["read"], owner })).status).toBe(403)
        expect((yield* ask(cookies.admin, { name: "x", scopes: ["read"], owner: someId })).status).toBe(404)
        expect((yield* ask(cookies.admin, { name: "x", scopes: ["operate"], owner })).status).toBe(403)
        const made = yield* makeKey(cookies.admin, ["read"], { name: "wall", owner })
        expect(made.owner.username).toBe("viewer")
        const names = (cookie: string) =>
          Effect.map(visit({ path: keys, cookie }), ({ json }) => decodeKeys(json).map(({ name }) => name))
        expect(yield* names(cookies.viewer)).toEqual(["wall"])
        expect(yield* names(cookies.operator)).not.toContain("wall")
        expect(yield* names(cookies.admin)).toContain("wall")
        const path = `${keys}/${made.id}`
        expect((yield* visit({ method: "DELETE", path, cookie: cookies.operator })).status).toBe(404)
        expect(yield* statusWith(made.key, "GET", "/api/v1/cameras")).toBe(200)
        expect((yield* visit({ method: "DELETE", path, cookie: cookies.viewer })).status).toBe(204)
        yield* refused(made.key)
        expect((yield* visit({ method: "DELETE", path, cookie: cookies.admin })).status).toBe(404)
      })
    )

    it.effect("end at their time, and tell when they were used", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const past = { name: "late", scopes: ["read"], expiresAt: new Date(Date.now() - 1000).toISOString() }
        expect((yield* visit({ method: "POST", path: keys, cookie: cookies.admin, body: past })).json).toMatchObject({
          status: 400,
          type: "urn:vigil:problem:expiry-passed",
          errors: [{ pointer: "/expiresAt" }]
        })
        const made = yield* makeKey(cookies.admin, ["read", "read"], { expiresAt: new Date(Date.now() + 60_000).toISOString() })
        expect(made).toMatchObject({ scopes: ["read"] })
        expect(yield* statusWith(made.key, "GET", "/api/v1/cameras")).toBe(200)
        const listed = decodeKeys((yield* visit({ path: keys, cookie: cookies.admin })).json)
        expect(listed.find(({ id }) => id === made.id)?.lastUsedAt).not.toBeNull()
        yield* (yield* Database).system("age", (sql) => sql`update api_keys set expires_at = now() where id = ${made.id}`)
        yield* refused(made.key)
      })
    )

    it.effect("are in the audit trail: when they are made and revoked, and beside the owner's name in what they do", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const made = yield* makeKey(cookies.admin, ["configure"], { name: "importer" })
        yield* statusWith(made.key, "POST", "/api/v1/cameras", { name: "by program", url: "rtsp://192.0.2.1/1" })
        yield* visit({ method: "DELETE", path: `${keys}/${made.id}`, cookie: cookies.admin })
        const answer = yield* visit({ path: "/api/v1/audit?limit=3", cookie: cookies.admin })
        const { entries } = Schema.decodeUnknownSync(AuditPage)(answer.json)
        expect(entries.map(({ action, actor }) => [action, actor.username])).toEqual([
          ["api-key.revoke", "root"],
          ["camera.create", "root (API key importer)"],
          ["api-key.create", "root"]
        ])
        expect(answer.text).not.toContain(made.key.slice(8))
      })
    )

    it.effect("do not let in what only looks like one", () =>
      Effect.gen(function* () {
        const { cookies } = yield* TestServer
        const { key } = yield* makeKey(cookies.admin, ["read"])
        for (const wrong of ["vgl_", `vgl_${"x".repeat(43)}`, `${key}x`, key.slice(0, -1), key.slice(4), key.toLowerCase()]) {
          expect(yield* statusWith(wrong, "GET", "/api/v1/cameras"), wrong).toBe(401)
        }
      })
    )
  })
})
