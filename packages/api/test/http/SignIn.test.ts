import { describe, expect, layer } from "@effect/vitest"
import { Accounts } from "@vigil/api/auth/Accounts"
import { setupLink } from "@vigil/api/Server"
import { ServerAddress } from "@vigil/api/http/HttpListener"
import { Database } from "@vigil/api/database/Database"
import { defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { SessionStore } from "@vigil/core/port/SessionStore"
import { Session } from "@vigil/core/Session"
import { User } from "@vigil/core/User"
import { Effect, Option, Schedule, Schema } from "effect"
import { WebSocket } from "ws"
import { newCamera } from "../Samples.js"
import { FakeRuntime } from "./FakePorts.js"
import { type Answer, cookieOf, layerBareServer, layerTestServer, password, testConfig, TestServer } from "./TestServer.js"

const bare = Effect.gen(function* () {
  const { port } = yield* ServerAddress
  const post = (path: string, body: object) =>
    Effect.promise(async () => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body)
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, json: JSON.parse(text) } satisfies Answer
    })
  const token = Effect.map(setupLink, (link) => Option.map(link, (url) => new URL(url).searchParams.get("token") ?? ""))
  return { post, token }
})

describe("set-up", () => {
  layer(layerBareServer(testConfig()), { excludeTestServices: true })((it) => {
    it.effect("takes one link, once, for one administrator", () =>
      Effect.gen(function* () {
        const { post, token } = yield* bare
        const first = Option.getOrThrow(yield* token)
        const second = Option.getOrThrow(yield* token)
        expect(second).not.toBe(first)
        expect(second.length).toBeGreaterThanOrEqual(43)
        const setUp = (given: string, username: string, pass = password) =>
          post("/api/v1/setup", { token: given, username, password: pass })

        const weak = yield* setUp(second, "root", "short")
        expect(weak.status).toBe(400)
        expect(weak.json).toMatchObject({ errors: [{ pointer: "/password", detail: expect.stringContaining("at least 12") }] })
        expect((yield* setUp(first, "root")).status).toBe(403)
        expect((yield* setUp("made-up", "root")).status).toBe(403)

        const answers = yield* Effect.forEach(["a-1", "a-2", "a-3"], (name) => setUp(second, name), { concurrency: "unbounded" })
        expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
        expect(answers.filter(({ status }) => status === 409)).toHaveLength(2)
        expect((yield* setUp(second, "late")).status).toBe(409)
        expect(yield* token).toEqual(Option.none())
      })
    )

    it.effect("keeps tokens and passwords as hashes only", () =>
      Effect.gen(function* () {
        const rows = yield* (yield* Database).system(
          "look",
          (sql) => sql<{ readonly password_hash: string }>`select password_hash from users`
        )
        expect(rows.length).toBe(1)
        for (const row of rows) expect(row.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
      })
    )
  })

  layer(layerBareServer(testConfig()), { excludeTestServices: true })((it) => {
    it.effect("refuses a link that is older than its validity", () =>
      Effect.gen(function* () {
        const { post, token } = yield* bare
        const old = Option.getOrThrow(yield* token)
        yield* (yield* Database).system("age", (sql) => sql`update setup_tokens set expires_at = now() - interval '1 second'`)
        const answer = yield* post("/api/v1/setup", { token: old, username: "root", password })
        expect(answer.status).toBe(403)
        expect(answer.json).toMatchObject({ type: "urn:vigil:problem:setup-expired" })
        expect(yield* (yield* Accounts).offerSetup).not.toEqual(Option.none())
      })
    )
  })
})

describe("sessions", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    const decodeUser = Schema.decodeUnknownSync(User)
    const decodeSessions = Schema.decodeUnknownSync(Schema.Array(Session))
    const session = "/api/v1/session"

    it.effect("begin with the password, and end when signed out", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const answer = yield* visit({ method: "POST", path: session, body: { username: "VIEWER", password } })
        expect(decodeUser(answer.json)).toMatchObject({ username: "viewer", role: "viewer" })
        const setCookie = answer.headers.getSetCookie()[0] ?? ""
        expect(setCookie).toMatch(/^vigil-session=[A-Za-z0-9_-]{43};/)
        expect(setCookie).toMatch(/HttpOnly/)
        expect(setCookie).toMatch(/SameSite=Strict/)
        expect(setCookie).toMatch(/Path=\//)
        const cookie = cookieOf(answer)
        expect((yield* visit({ path: session, cookie })).status).toBe(200)
        const out = yield* visit({ method: "DELETE", path: session, cookie })
        expect(out.status).toBe(204)
        expect(out.headers.getSetCookie()[0]).toMatch(/^vigil-session=; .*Max-Age=0/)
        expect((yield* visit({ path: session, cookie })).status).toBe(401)
      })
    )

    it.effect("are listed and ended by their user alone", () =>
      Effect.gen(function* () {
        const { cookies, signIn, visit } = yield* TestServer
        const other = yield* signIn("operator")
        const list = Effect.map(visit({ path: "/api/v1/sessions", cookie: cookies.operator }), ({ json }) => decodeSessions(json))
        const mine = yield* list
        expect(mine.length).toBe(2)
        expect(mine[0]?.address).toMatch(/127\.0\.0\.1$/)
        const newest = [...mine].sort((a, b) => b.createdAt.epochMillis - a.createdAt.epochMillis)[0]
        const path = `/api/v1/sessions/${newest?.id}`
        expect((yield* visit({ method: "DELETE", path, cookie: cookies.viewer })).status).toBe(404)
        expect((yield* visit({ method: "DELETE", path, cookie: cookies.operator })).status).toBe(204)
        expect((yield* visit({ path: session, cookie: other })).status).toBe(401)
        expect((yield* list).length).toBe(1)
      })
    )

    it.effect("end everywhere else when the password changes", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        yield* visit({
          method: "POST",
          path: "/api/v1/users",
          cookie: cookies.admin,
          body: { username: "mover", role: "viewer", password }
        })
        const signIn = (pass: string) => visit({ method: "POST", path: session, body: { username: "mover", password: pass } })
        const here = cookieOf(yield* signIn(password))
        const there = cookieOf(yield* signIn(password))
        const change = (current: string, next: string) =>
          Effect.map(
            visit({ method: "PUT", path: "/api/v1/session/password", cookie: here, body: { current, next } }),
            ({ status }) => status
          )
        expect(yield* change("wrong password!", "another good one")).toBe(400)
        expect(yield* change(password, "mover")).toBe(400)
        expect(yield* change(password, "another good one")).toBe(204)
        expect((yield* visit({ path: session, cookie: here })).status).toBe(200)
        expect((yield* visit({ path: session, cookie: there })).status).toBe(401)
        expect((yield* signIn(password)).status).toBe(401)
        expect((yield* signIn("another good one")).status).toBe(200)
      })
    )

    it.effect("move their end while they are used, and end after it", () =>
      Effect.gen(function* () {
        const { signIn, visit } = yield* TestServer
        const cookie = yield* signIn("viewer")
        const database = yield* Database
        const newest = "(select id from sessions order by created_at desc limit 1)"
        const expiry = database.system(
          "look",
          (sql) => sql<{ readonly at: Date }>`select expires_at as at from sessions where id = ${sql.literal(newest)}`
        )
        yield* database.system(
          "age",
          (sql) =>
            sql`update sessions set last_seen_at = now() - interval '1 hour', expires_at = now() + interval '1 day' where id = ${sql.literal(newest)}`
        )
        const [before] = yield* expiry
        expect((yield* visit({ path: session, cookie })).status).toBe(200)
        const [after] = yield* expiry
        expect(Number(after?.at)).toBeGreaterThan(Number(before?.at) + 10 * 24 * 3600 * 1000)
        yield* database.system(
          "end",
          (sql) => sql`update sessions set expires_at = now() - interval '1 second' where id = ${sql.literal(newest)}`
        )
        yield* Effect.repeat(visit({ path: session, cookie }), {
          until: ({ status }) => status === 401,
          schedule: Schedule.spaced("200 millis")
        }).pipe(Effect.timeout("60 seconds"))
        yield* (yield* SessionStore).purge
        expect(yield* database.system("look", (sql) => sql`select 1 from sessions where expires_at < now()`)).toHaveLength(0)
      })
    )

    it.effect("take the live views and connections that they opened along, whichever way they end, and no others", () =>
      Effect.gen(function* () {
        const { cookies, signIn, url, visit } = yield* TestServer
        const { running, views } = yield* FakeRuntime
        const { system } = yield* Database
        const camera = yield* (yield* CameraStore).create(defaultTenant, newCamera())
        running.add(camera.id)
        const asAdmin = (method: string, path: string, body?: unknown) =>
          Effect.map(visit({ method, path: `/api/v1${path}`, cookie: cookies.admin, body }), (answer) => {
            expect(answer.status, answer.text).toBeLessThan(300)
            return answer.json as { readonly id: string; readonly key: string }
          })
        /** A view and a connection, by somebody of its own; whether both are open. */
        const watching = (credentials: Record<string, string>) =>
          Effect.gen(function* () {
            const path = `/api/v1/cameras/${camera.id}/whep`
            const headers = { "content-type": "application/sdp", ...credentials }
            const { headers: told, status } = yield* visit({ method: "POST", path, headers, body: "v=0\r\noffer" })
            expect(status).toBe(201)
            const viewId = told.get("location")?.split("/").at(-1) ?? ""
            const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/rpc`, { headers: credentials })
            yield* Effect.async((resume) => void socket.on("open", () => resume(Effect.void)))
            yield* Effect.addFinalizer(() => Effect.sync(() => socket.terminate()))
            return () => [views.has(viewId), socket.readyState === WebSocket.OPEN]
          })
        const person = (username: string) =>
          Effect.gen(function* () {
            const { id } = yield* asAdmin("POST", "/users", { username, role: "viewer", password })
            const cookie = yield* signIn(username)
            return { id, cookie, watched: yield* watching({ cookie }) }
          })
        const sessionsOf = (id: string) => `/users/${id}/sessions`
        const signedOut = yield* person("out")
        const revoked = yield* person("revoked")
        const expired = yield* person("expired")
        const demoted = yield* person("demoted")
        const disabled = yield* person("disabled")
        const removed = yield* person("removed")
        const stays = yield* person("stays")
        const other = yield* watching({ cookie: yield* signIn("out") })
        const { id: keyId, key } = yield* asAdmin("POST", "/api-keys", { name: "wall", scopes: ["read"] })
        const byKey = yield* watching({ authorization: `Bearer ${key}` })
        const begun = yield* visit({ method: "POST", path: "/api/v1/tokens", body: { username: "revoked", password } })
        const { accessToken } = begun.json as { readonly accessToken: string }
        const byToken = yield* watching({ authorization: `Bearer ${accessToken}` })
        const ending = [signedOut, revoked, expired, demoted, disabled, removed].map(({ watched }) => watched)
        for (const watched of [...ending, stays.watched, other, byKey, byToken]) expect(watched()).toEqual([true, true])

        yield* visit({ method: "DELETE", path: session, cookie: signedOut.cookie })
        yield* asAdmin("DELETE", sessionsOf(revoked.id))
        yield* system("end", (sql) => sql`update sessions set expires_at = now() - interval '1 s' where user_id = ${expired.id}`)
        yield* asAdmin("PATCH", `/users/${demoted.id}`, { role: "operator" })
        yield* asAdmin("PATCH", `/users/${disabled.id}`, { disabled: true })
        yield* asAdmin("DELETE", `/users/${removed.id}`)
        yield* asAdmin("DELETE", `/api-keys/${keyId}`)
        yield* Effect.suspend(() => {
          const open = [...ending, byKey, byToken].filter((watched) => watched().includes(true))
          return open.length === 0 ? Effect.void : Effect.fail("not yet")
        }).pipe(
          Effect.retry(Schedule.spaced("100 millis")),
          Effect.timeoutFail({ duration: "60 seconds", onTimeout: () => new Error("something stays open") })
        )
        expect([...stays.watched(), ...other()]).toEqual([true, true, true, true])
      }).pipe(Effect.scoped)
    )

    it.effect("do not begin with a wrong name or password, and guessing gets slow", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const attempt = (username: string) =>
          visit({ method: "POST", path: session, body: { username, password: "wrong password!" } })
        const known = yield* attempt("supervisor")
        const unknown = yield* attempt("nobody")
        expect(known.status).toBe(401)
        expect(unknown.json).toEqual(known.json)
        expect(known.headers.getSetCookie()).toEqual([])
        const statuses: Array<number> = []
        let last = known
        for (let i = 0; i < 6; i++) {
          last = yield* attempt("supervisor")
          statuses.push(last.status)
        }
        expect(statuses.at(-1)).toBe(429)
        expect(Number(last.headers.get("retry-after"))).toBeGreaterThan(0)
        expect((yield* visit({ method: "POST", path: session, body: { username: "viewer", password } })).status).toBe(200)
      })
    )
  })
})

describe("users", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("are managed by administrators; the last one stays", () =>
      Effect.gen(function* () {
        const { cookies, signIn, visit } = yield* TestServer
        const users = "/api/v1/users"
        expect((yield* visit({ path: users, cookie: cookies.supervisor })).status).toBe(403)
        const body = { username: "Second", role: "admin", password }
        const created = yield* visit({ method: "POST", path: users, cookie: cookies.admin, body })
        expect(created.status).toBe(201)
        expect(created.text).not.toContain("hash")
        expect(
          (yield* visit({ method: "POST", path: users, cookie: cookies.admin, body: { ...body, username: "sECOND" } })).status
        ).toBe(409)
        const all = Schema.decodeUnknownSync(Schema.Array(User))((yield* visit({ path: users, cookie: cookies.admin })).json)
        expect(all.map(({ username }) => username)).toEqual(["operator", "root", "Second", "supervisor", "viewer"])
        const idOf = (name: string) => all.find(({ username }) => username === name)?.id ?? ""
        const second = yield* signIn("second")
        expect(
          (yield* visit({ method: "PATCH", path: `${users}/${idOf("Second")}`, cookie: cookies.admin, body: { role: "viewer" } }))
            .status
        ).toBe(200)
        expect((yield* visit({ path: "/api/v1/session", cookie: second })).status).toBe(401)
        for (const [method, change] of [
          ["PATCH", { role: "viewer" }],
          ["DELETE", undefined]
        ] as const) {
          expect((yield* visit({ method, path: `${users}/${idOf("root")}`, cookie: cookies.admin, body: change })).status).toBe(
            409
          )
        }
        expect((yield* visit({ method: "DELETE", path: `${users}/${idOf("Second")}`, cookie: cookies.admin })).status).toBe(204)
        expect(yield* signIn("second")).toBe("")
      })
    )
  })
})
