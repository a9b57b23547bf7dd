import { describe, expect, layer } from "@effect/vitest"
import { LocalOperator } from "@vigil/api/auth/LocalOperator"
import { Effect, Exit, Redacted, Schedule, Schema } from "effect"
import { rpcClient } from "./RpcVisitor.js"
import { type Answer, layerTestServer, password, TestServer } from "./TestServer.js"

const idOf = (json: unknown) => Schema.decodeUnknownSync(Schema.Struct({ id: Schema.UUID }))(json).id

/** Asks as the operator of this machine, and as anybody with a cookie. */
const visitors = Effect.gen(function* () {
  const { cookies, signIn, visit } = yield* TestServer
  const authorization = `Bearer ${Redacted.value((yield* LocalOperator).token)}`
  const operate = (method: string, path: string, body?: unknown) =>
    visit({ method, path: `/api/v1${path}`, body, headers: { authorization } })
  const ask = (cookie: string, method: string, path: string, body?: unknown) =>
    visit({ method, path: `/api/v1${path}`, body, cookie })
  const add = (name: string, licence?: unknown) =>
    Effect.map(
      operate("POST", "/tenants", { name, administrator: { username: `root of ${name}`, password }, licence }),
      (answer) => {
        expect(answer.status, answer.text).toBe(201)
        return idOf(answer.json)
      }
    )
  return { add, ask, cookies, operate, signIn }
})

/** Asks again until the answer is as it should be. */
const soon = <A>(ask: Effect.Effect<A>, isRight: (answer: A) => boolean): Effect.Effect<A> =>
  ask.pipe(
    Effect.flatMap((answer) => (isRight(answer) ? Effect.succeed(answer) : Effect.fail("not yet"))),
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("60 seconds"),
    // swallowed: what is never right fails the test
    Effect.orDie
  )

const refused = (status: number, type: string) => ({ status, json: { status, type: `urn:vigil:problem:${type}` } })

describe("tenants over HTTP", () => {
  layer(layerTestServer(), { timeout: 60_000, excludeTestServices: true })((it) => {
    it.effect("are made, renamed, suspended and removed by the operator of the machine alone", () =>
      Effect.gen(function* () {
        const { add, ask, cookies, operate, signIn } = yield* visitors
        const id = yield* add("Acme")
        const tenant = `/tenants/${id}`
        const root = yield* signIn("root of Acme")
        expect((yield* operate("GET", tenant)).json).toMatchObject({ name: "Acme", users: 1, suspended: false })
        expect((yield* ask(root, "GET", "/tenants")).json).toMatchObject([{ id, name: "Acme" }])
        expect((yield* ask(root, "GET", tenant)).status).toBe(200)
        expect(yield* ask(cookies.admin, "GET", tenant)).toMatchObject(refused(404, "tenant-not-found"))
        for (const cookie of [root, cookies.admin, cookies.supervisor]) {
          for (const [method, path, body] of [
            ["POST", "/tenants", { name: "Mine", administrator: { username: "me", password } }],
            ["PATCH", tenant, { name: "Mine" }],
            ["PATCH", tenant, { suspended: true }],
            ["DELETE", tenant],
            ["PUT", `${tenant}/licence`, { cameras: null, validFrom: null, validUntil: null, models: null }]
          ] as const) {
            expect(yield* ask(cookie, method, path, body), `${method} ${path}`).toMatchObject(refused(403, "forbidden"))
          }
        }
        const taken = { name: "acme", administrator: { username: "another", password } }
        expect(yield* operate("POST", "/tenants", taken)).toMatchObject(refused(409, "tenant-name-taken"))
        expect(
          yield* operate("POST", "/tenants", { name: "Other", administrator: { username: "root", password } })
        ).toMatchObject(refused(409, "username-taken"))
        expect(
          yield* operate("POST", "/tenants", { name: "Other", administrator: { username: "weak", password: "weak" } })
        ).toMatchObject(refused(400, "weak-password"))
        expect((yield* operate("PATCH", tenant, { name: "Acme Ltd" })).json).toMatchObject({ name: "Acme Ltd" })
        expect(yield* operate("DELETE", tenant)).toMatchObject(refused(409, "tenant-active"))
        expect(yield* operate("PATCH", `/tenants/${crypto.randomUUID()}`, {})).toMatchObject(refused(404, "tenant-not-found"))

        yield* operate("PATCH", tenant, { suspended: true })
        expect((yield* operate("DELETE", tenant)).status).toBe(204)
        expect((yield* operate("GET", tenant)).status).toBe(404)
        expect((yield* operate("GET", "/tenants")).text).not.toContain("Acme")
      })
    )

    it.scoped("that are suspended end their sessions and keys, and begin none, until they are resumed", () =>
      Effect.gen(function* () {
        const { add, ask, operate, signIn } = yield* visitors
        const { visit } = yield* TestServer
        const id = yield* add("Late payer")
        const root = yield* signIn("root of Late payer")
        const made = yield* ask(root, "POST", "/api-keys", { name: "wall", scopes: ["read"] })
        const { key } = Schema.decodeUnknownSync(Schema.Struct({ key: Schema.String }))(made.json)
        const byKey = visit({ path: "/api/v1/cameras", headers: { authorization: `Bearer ${key}` } })
        const bySession = ask(root, "GET", "/cameras")
        expect([(yield* byKey).status, (yield* bySession).status]).toEqual([200, 200])
        const rpc = yield* rpcClient(root)
        expect((yield* rpc.WhoAmI()).username).toBe("root of Late payer")

        yield* operate("PATCH", `/tenants/${id}`, { suspended: true })
        const shut = (answer: Answer) => answer.status === 401
        expect((yield* soon(byKey, shut)).status).toBe(401)
        expect((yield* soon(bySession, shut)).status).toBe(401)
        yield* soon(Effect.exit(rpc.WhoAmI()), Exit.isFailure)
        const again = yield* visit({
          method: "POST",
          path: "/api/v1/session",
          body: { username: "root of Late payer", password }
        })
        expect(again).toMatchObject({
          status: 401,
          json: { detail: "This account's tenant is suspended. Whoever operates this Vigil can say why." }
        })

        yield* operate("PATCH", `/tenants/${id}`, { suspended: false })
        expect((yield* byKey).status).toBe(200)
        expect((yield* ask(yield* signIn("root of Late payer"), "GET", "/cameras")).status).toBe(200)
      })
    )

    it.effect("have users, rules and licences that are not changed over what somebody else did", () =>
      Effect.gen(function* () {
        const { add, signIn } = yield* visitors
        const { visit } = yield* TestServer
        const tenant = yield* add("Raced")
        const cookie = yield* signIn("root of Raced")
        const operator = { authorization: `Bearer ${Redacted.value((yield* LocalOperator).token)}` }
        const user = { username: "raced", role: "viewer", password }
        const created = yield* visit({ method: "POST", path: "/api/v1/users", cookie, body: user })
        const policy = (yield* visit({ path: "/api/v1/password-policy", cookie })).json as object
        const unlimited = { validFrom: null, validUntil: null, models: null }
        const things = [
          {
            path: `/api/v1/users/${idOf(created.json)}`,
            method: "PATCH",
            bodies: ["operator", "supervisor", "admin"].map((role) => ({ role })),
            who: { cookie }
          },
          {
            path: "/api/v1/password-policy",
            method: "PUT",
            bodies: [13, 14, 15].map((shortestPassword) => ({ ...policy, shortestPassword })),
            who: { cookie }
          },
          {
            path: `/api/v1/tenants/${tenant}/licence`,
            method: "PUT",
            bodies: [1, 2, 3].map((cameras) => ({ ...unlimited, cameras })),
            who: { headers: operator }
          }
        ]
        for (const { bodies, method, path, who } of things) {
          const tagOf = ({ headers }: Answer) => headers.get("etag") ?? ""
          const send = (how: string, tag: string, body?: unknown) =>
            visit({ path, ...who, method: how, body, headers: { ...who.headers, "if-match": tag } })
          const read = visit({ path, ...who })
          const before = tagOf(yield* read)
          expect(before, path).toMatch(/^"[\w-]{43}"$/)
          const race = yield* Effect.forEach(bodies, (body) => send(method, before, body), { concurrency: bodies.length })
          expect(
            race.map(({ status }) => status).sort((a, b) => a - b),
            path
          ).toEqual([200, 412, 412])
          expect(race.find(({ status }) => status === 412)?.json).toMatchObject({ type: "urn:vigil:problem:revision-conflict" })
          const winner = race.find(({ status }) => status === 200)
          const after = tagOf(yield* read)
          expect(winner && tagOf(winner), path).toBe(after)
          expect(after, path).not.toBe(before)
          expect((yield* send(method, `W/${after}`, bodies[0])).status, path).toBe(412)
          expect((yield* send(method, `"other", ${after}`, bodies[0])).status, path).toBe(200)
          expect((yield* send(method, "*", bodies[1])).status, path).toBe(200)
          expect((yield* visit({ path, ...who, method, body: bodies[2] })).status, path).toBe(200)
        }
        const rules = { path: "/api/v1/sign-in-policy", cookie }
        const tag = (yield* visit(rules)).headers.get("etag") ?? ""
        const same = { ...rules, method: "PUT", body: { secondFactor: "optional" } }
        expect((yield* visit({ ...same, headers: { "if-match": tag } })).status).toBe(200)
        expect((yield* visit({ ...same, headers: { "if-match": '"another"' } })).status).toBe(412)
        expect((yield* visit({ ...rules, headers: { "if-none-match": tag } })).status).toBe(304)

        const path = things[0]?.path ?? ""
        const gone = (etag: string) => visit({ method: "DELETE", path, cookie, headers: { "if-match": etag } })
        expect((yield* gone('"1"')).status).toBe(412)
        expect((yield* gone((yield* visit({ path, cookie })).headers.get("etag") ?? "")).status).toBe(204)
      })
    )

    it.effect("are refused models in their settings that the licence does not hold", () =>
      Effect.gen(function* () {
        const { add, ask, signIn } = yield* visitors
        yield* add("Modest", { cameras: null, validFrom: null, validUntil: null, models: ["shipped"] })
        const root = yield* signIn("root of Modest")
        const say = (model: string) => ask(root, "PATCH", "/settings/tenant", { "detection.model": model })
        expect(yield* say("demanding")).toMatchObject(refused(403, "licence-model"))
        expect((yield* say("shipped")).status).toBe(200)
      })
    )

    it.effect("have licences that supervisors see, that refuse what they do not hold, and that warn in every answer", () =>
      Effect.gen(function* () {
        const { add, ask, cookies, operate, signIn } = yield* visitors
        const unlimited = { cameras: null, validFrom: null, validUntil: null, models: null }
        const id = yield* add("Small", { ...unlimited, cameras: 1 })
        const root = yield* signIn("root of Small")
        yield* ask(root, "POST", "/users", { username: "small viewer", role: "viewer", password })
        const viewer = yield* signIn("small viewer")
        const camera = { name: "Gate", url: "rtsp://192.0.2.7/1" }
        expect((yield* ask(root, "POST", "/cameras", camera)).status).toBe(201)
        expect(yield* ask(root, "POST", "/cameras", camera)).toMatchObject({
          status: 403,
          json: {
            type: "urn:vigil:problem:licence-cameras",
            title: "The licence does not allow it",
            detail: "the licence allows 1 enabled camera, and there would be 2: disable others first, or get a larger one"
          }
        })
        const sheet = new TextEncoder().encode("name,url\nA,rtsp://192.0.2.8/\nB,rtsp://192.0.2.9/\n")
        const { visit } = yield* TestServer
        const imported = yield* visit({
          method: "POST",
          path: "/api/v1/cameras/import",
          body: sheet,
          cookie: root,
          headers: { "content-type": "application/octet-stream" }
        })
        expect(imported).toMatchObject(refused(403, "licence-cameras"))
        const off = yield* ask(root, "POST", "/cameras", { ...camera, enabled: false })
        const bulk = yield* ask(root, "POST", "/cameras/bulk", { ids: [idOf(off.json)], change: { action: "enable" } })
        expect(bulk.json).toMatchObject({ results: [{ done: false, problem: { type: "urn:vigil:problem:licence-cameras" } }] })

        // Whoever sees only some of the cameras is told of the licence by all of them.
        const place = idOf((yield* ask(root, "POST", "/places", { kind: "site", name: "North" })).json)
        const limited = yield* ask(root, "POST", "/users", { username: "small supervisor", role: "supervisor", password })
        yield* ask(root, "PUT", `/users/${idOf(limited.json)}/grants`, { places: [place], groups: [] })
        const supervisor = yield* signIn("small supervisor")
        expect((yield* ask(supervisor, "GET", "/cameras")).json).toMatchObject({ cameras: [] })
        expect(yield* ask(supervisor, "POST", "/cameras", { ...camera, placeId: place })).toMatchObject(
          refused(403, "licence-cameras")
        )
        expect((yield* ask(supervisor, "GET", "/licence")).json).toMatchObject({ enabledCameras: 1 })

        const standing = { licence: { ...unlimited, cameras: 1 }, status: "valid", enabledCameras: 1, warning: null }
        expect((yield* ask(root, "GET", "/licence")).json).toEqual(standing)
        expect((yield* ask(root, "GET", `/tenants/${id}/licence`)).json).toEqual(standing)
        expect((yield* ask(viewer, "GET", "/licence")).status).toBe(403)
        expect(yield* ask(cookies.admin, "GET", `/tenants/${id}/licence`)).toMatchObject(refused(404, "tenant-not-found"))
        expect((yield* ask(root, "GET", "/cameras")).headers.get("vigil-licence")).toBeNull()

        const until = new Date(Date.now() + 86_400_000).toISOString()
        const changed = yield* operate("PUT", `/tenants/${id}/licence`, { ...unlimited, cameras: 1, validUntil: until })
        expect(changed.json).toMatchObject({ status: "expiring", warning: expect.stringContaining("in 1 day") })
        expect((yield* operate("GET", `/tenants`)).text).toContain('"licence":"expiring"')

        // One of which nobody has asked yet: what an answer says is looked up beside it.
        const other = yield* add("Short", { ...unlimited, validUntil: until })
        const short = yield* signIn("root of Short")
        const answer = yield* soon(ask(short, "GET", "/cameras"), ({ headers }) => headers.has("vigil-licence"))
        expect([answer.status, answer.headers.get("vigil-licence")]).toEqual([200, "expiring"])
        yield* operate("PUT", `/tenants/${other}/licence`, { ...unlimited, validUntil: new Date(0).toISOString() })
        expect(yield* ask(short, "POST", "/cameras", camera)).toMatchObject(refused(403, "licence-expired"))
      })
    )
  })
})
