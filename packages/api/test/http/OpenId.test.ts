import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { IdentityProvider } from "@vigil/core/IdentityProvider"
import { SessionStore } from "@vigil/core/port/SessionStore"
import { SessionId } from "@vigil/core/Session"
import { User } from "@vigil/core/User"
import { DateTime, Effect, Schema } from "effect"
import { browser, clientId, clientSecret, openIdPeer, type People } from "./OpenIdPeer.js"
import { layerTestServer, testConfig, TestServer } from "./TestServer.js"

const providers = "/api/v1/identity-providers"
const decodeProvider = Schema.decodeUnknownSync(IdentityProvider)
const decodeUser = Schema.decodeUnknownSync(User)
const isCallback = (url: URL) => url.pathname === "/api/v1/openid/callback"

const setUp = (people: People, settings: object = {}) =>
  Effect.gen(function* () {
    const { cookies, url, visit } = yield* TestServer
    const { issuer } = yield* openIdPeer(people, `${url}/api/v1/openid/callback`)
    const slug = `lab-${crypto.randomUUID().slice(0, 8)}`
    const body = {
      slug,
      name: "Laboratory",
      issuer,
      clientId,
      clientSecret,
      roles: [
        { value: "cctv-admins", role: "admin" },
        { value: "guards", role: "operator" }
      ],
      ...settings
    }
    const made = yield* visit({ method: "POST", path: providers, cookie: cookies.admin, body })
    expect(made.status, made.text).toBe(201)
    const signIn = (name: string, to = "/events") =>
      Effect.promise(async () => {
        const { cookies: jar, visit: follow } = browser()
        const from = `${url}/api/v1/openid/${slug}/begin?to=${encodeURIComponent(to)}`
        const { next, response } = await follow(from, name, isCallback)
        const session = jar(url).get("vigil-session")
        return { next, status: response.status, cookie: session === undefined ? undefined : `vigil-session=${session}` }
      })
    const me = (cookie: string | undefined) =>
      Effect.map(visit({ path: "/api/v1/session", cookie }), ({ json, text }) => {
        expect(text).toContain("username")
        return decodeUser(json)
      })
    return { issuer, slug, signIn, me, provider: decodeProvider(made.json), made }
  })

describe("OpenID Connect", () => {
  layer(layerTestServer(testConfig({ allowPlainProviders: true })), { excludeTestServices: true })((it) => {
    it.scoped("lets people of a provider in, with the roles that their claims give", () =>
      Effect.gen(function* () {
        const { visit, cookies } = yield* TestServer
        const people: People = {
          u1: { preferred_username: "ada", name: "Ada L.", roles: ["guards"], email: "ada@example.org", email_verified: true },
          u2: { preferred_username: "bob", roles: ["nobody"], email: "bob@example.org", email_verified: false }
        }
        const { made, me, signIn, slug } = yield* setUp(people)
        expect(made.text).not.toContain(clientSecret)
        expect((yield* visit({ path: "/api/v1/sign-in" })).json).toMatchObject({ providers: [{ slug, name: "Laboratory" }] })

        const ada = yield* signIn("u1")
        expect([ada.status, ada.next.pathname]).toEqual([302, "/events"])
        const user = yield* me(ada.cookie)
        expect(user).toMatchObject({ username: "ada", role: "operator" })
        const account = yield* visit({ path: "/api/v1/account", cookie: ada.cookie })
        expect(account.json).toMatchObject({
          displayName: "Ada L.",
          email: "ada@example.org",
          hasPassword: false,
          providers: ["Laboratory"]
        })

        const bob = yield* signIn("u2")
        expect(bob.next.href).toContain("/login?refused=no-role")
        expect(bob.cookie).toBeUndefined()
        const trail = yield* visit({ path: "/api/v1/audit?action=sign-in.refused", cookie: cookies.admin })
        expect(trail.text).toContain("no-role")

        people["u1"] = { preferred_username: "other-name", roles: ["guards", "cctv-admins"] }
        const again = yield* me((yield* signIn("u1")).cookie)
        expect(again).toMatchObject({ id: user.id, username: "ada", role: "admin" })
        // Of the two administrators it may lose its role again.
        people["u1"] = { roles: "guards", preferred_username: "ada" }
        expect(yield* me((yield* signIn("u1")).cookie)).toMatchObject({ id: user.id, role: "operator" })
      })
    )

    it.scoped("finds roles inside of claims, and links accounts only where that is wanted", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const people: People = {
          v: { preferred_username: "Viewer", realm_access: { roles: ["guards"] } },
          n: { preferred_username: "newcomer", realm_access: { roles: ["guards"] } }
        }
        const { me, provider, signIn } = yield* setUp(people, { roleClaim: "realm_access.roles", createUsers: false })
        expect((yield* signIn("v")).next.search).toBe("?refused=username-taken")
        expect((yield* signIn("n")).next.search).toBe("?refused=no-account")
        const path = `${providers}/${provider.id}`
        const change = yield* visit({ method: "PATCH", path, cookie: cookies.admin, body: { linkUsers: true } })
        expect(change.status).toBe(200)
        const linked = yield* signIn("v")
        expect(yield* me(linked.cookie)).toMatchObject({ username: "viewer", role: "operator" })
        const off = yield* visit({ method: "PATCH", path, cookie: cookies.admin, body: { enabled: false } })
        expect(off.json).toMatchObject({ enabled: false })
        const gone = yield* visit({ path: `/api/v1/openid/${provider.slug}/begin` })
        expect(gone.headers.get("location")).toBe("/login?refused=unknown")
      })
    )

    it.scoped("takes an answer once, from the browser that began, and from the provider that was asked", () =>
      Effect.gen(function* () {
        const { url, visit } = yield* TestServer
        const { slug } = yield* setUp({ u: { preferred_username: "carol", roles: ["guards"] } })
        const begin = `/api/v1/openid/${slug}/begin`
        const { visit: follow } = browser()
        // Up to the callback, but not through it.
        const provider = yield* visit({ path: begin })
        const stolen = yield* Effect.promise(() => follow(url + begin, "u", ({ searchParams }) => searchParams.has("iss")))
        expect(provider.headers.getSetCookie()[0]).toMatch(/^vigil-sign-in=[\w-]{43};.*HttpOnly.*SameSite=Lax/)
        const path = stolen.reached.pathname + stolen.reached.search
        // The browser went through it: the state is used up.
        expect(stolen.response.status).toBe(302)
        expect((yield* visit({ path })).headers.get("location")).toBe("/login?refused=expired")

        // Somebody else's state in this browser (login CSRF): refused, whatever the code.
        const location = provider.headers.get("location") ?? ""
        const state = new URL(location).searchParams.get("state") ?? ""
        expect(new URL(location).searchParams.get("code_challenge_method")).toBe("S256")
        const forged = `/api/v1/openid/callback?state=${state}&code=x`
        const other = yield* visit({ path: forged, cookie: `vigil-sign-in=${"x".repeat(43)}` })
        expect(other.headers.get("location")).toBe("/login?refused=expired")
        expect(other.headers.getSetCookie().some((line) => line.startsWith("vigil-session="))).toBe(false)

        // The own browser with a made-up code: the provider says no.
        const own = yield* visit({ path: begin })
        const ownState = new URL(own.headers.get("location") ?? "").searchParams.get("state") ?? ""
        const cookie = own.headers.getSetCookie()[0]?.split(";")[0]
        const iss = encodeURIComponent(new URL(location).origin)
        const wrong = yield* visit({ path: `/api/v1/openid/callback?state=${ownState}&code=x&iss=${iss}`, cookie })
        expect(wrong.headers.get("location")).toBe("/login?refused=provider")
      })
    )

    it.scoped("leaves second factors to the provider, and lets nobody of a suspended tenant in", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { me, provider, signIn, slug } = yield* setUp({ u: { preferred_username: "eve", roles: ["guards"] } })
        const policy = (secondFactor: string) =>
          visit({ method: "PUT", path: "/api/v1/sign-in-policy", cookie: cookies.admin, body: { secondFactor } })
        const { cookie } = yield* signIn("u")
        expect((yield* policy("required")).status).toBe(200)
        expect((yield* visit({ path: "/api/v1/cameras", cookie })).status).toBe(200)
        expect((yield* visit({ path: "/api/v1/cameras", cookie: cookies.operator })).status).toBe(403)
        const database = yield* Database
        yield* database.system("end", (sql) => sql`update tenants set second_factor = 'optional'`)
        yield* me(cookie)

        const suspend = (at: string | null) =>
          database.system("suspend", (sql) => sql`update tenants set suspended_at = ${at} where id = ${provider.tenantId}`)
        yield* suspend("2026-01-01")
        expect((yield* visit({ path: "/api/v1/sign-in" })).json).toMatchObject({ providers: [] })
        const begin = yield* visit({ path: `/api/v1/openid/${slug}/begin` })
        expect(begin.headers.get("location")).toBe("/login?refused=unknown")
        yield* suspend(null)
      })
    )

    it.scoped("ends sessions with the provider, and after half a day, however much they are used", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { me, provider, signIn } = yield* setUp({ u: { preferred_username: "fay", roles: ["guards"] } })
        const { cookie } = yield* signIn("u")
        const { id } = yield* me(cookie)
        const database = yield* Database
        const limit = database.system(
          "look",
          (sql) => sql<{ readonly hours: number }>`select extract(epoch from expires_at - created_at)::float8 / 3600 as hours
            from sessions where user_id = ${id}`
        )
        expect((yield* limit)[0]?.hours).toBeCloseTo(12, 2)
        const [{ id: session } = { id: "" }] = yield* database.system(
          "age",
          (sql) => sql<{ readonly id: string }>`update sessions set last_seen_at = last_seen_at - interval '1 hour'
            where user_id = ${id} returning id`
        )
        yield* (yield* SessionStore).extend(SessionId.make(session), DateTime.unsafeMake("2100-01-01"))
        expect((yield* limit)[0]?.hours).toBeCloseTo(12, 2)
        yield* me(cookie)
        const path = `${providers}/${provider.id}`
        yield* visit({ method: "PATCH", path, cookie: cookies.admin, body: { enabled: false } })
        expect((yield* visit({ path: "/api/v1/session", cookie })).status).toBe(401)
        yield* visit({ method: "PATCH", path, cookie: cookies.admin, body: { enabled: true } })
        const again = yield* signIn("u")
        expect((yield* me(again.cookie)).id).toBe(id)
        yield* visit({ method: "DELETE", path, cookie: cookies.admin })
        expect((yield* visit({ path: "/api/v1/session", cookie: again.cookie })).status).toBe(401)
        expect((yield* visit({ path: "/api/v1/session", cookie: cookies.admin })).status).toBe(200)
      })
    )

    it.scoped("makes one account of somebody who comes twice at once, and keeps the last administrator", () =>
      Effect.gen(function* () {
        const { me, signIn } = yield* setUp(
          { t: { preferred_username: "twin", roles: ["guards"] }, r: { preferred_username: "root", roles: ["guards"] } },
          { linkUsers: true }
        )
        const both = yield* Effect.all([signIn("t"), signIn("t")], { concurrency: 2 })
        const users = yield* Effect.forEach(both, ({ cookie }) => me(cookie))
        expect(new Set(users.map(({ id }) => id)).size).toBe(1)
        // The claims make an operator of root; but then nobody would be an administrator.
        expect(yield* me((yield* signIn("r")).cookie)).toMatchObject({ username: "root", role: "admin" })
      })
    )

    it.scoped("leads to no page but Vigil's own", () =>
      Effect.gen(function* () {
        const { signIn } = yield* setUp({ d: { preferred_username: "dan", roles: ["guards"] } })
        const { url } = yield* TestServer
        for (const to of ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
          expect((yield* signIn("d", to)).next.href).toBe(`${url}/`)
        }
      })
    )

    it.scoped("keeps the client's secret sealed, and tells when a provider is not there", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { provider } = yield* setUp({})
        const check = { method: "POST", path: `${providers}/${provider.id}/check`, cookie: cookies.admin }
        expect((yield* visit(check)).json).toMatchObject({ authorizationEndpoint: `${provider.issuer}/auth` })
        const [row] = yield* (yield* Database).system(
          "look",
          (sql) =>
            sql<{
              readonly text: string
            }>`select identity_providers::text as text from identity_providers where id = ${provider.id}`
        )
        expect(row?.text).not.toContain(clientSecret)
        expect(row?.text).not.toContain(Buffer.from(clientSecret).toString("hex"))
        const body = { issuer: "http://127.0.0.1:9" }
        yield* visit({ method: "PATCH", path: `${providers}/${provider.id}`, cookie: cookies.admin, body })
        const gone = yield* visit(check)
        expect([gone.status, gone.json]).toMatchObject([502, { type: "urn:vigil:problem:provider-failed" }])
        const begin = yield* visit({ path: `/api/v1/openid/${provider.slug}/begin` })
        expect(begin.headers.get("location")).toBe("/login?refused=provider")
        expect((yield* visit({ path: providers, cookie: cookies.supervisor })).status).toBe(403)
        expect((yield* visit({ method: "DELETE", path: `${providers}/${provider.id}`, cookie: cookies.admin })).status).toBe(204)
        expect((yield* visit({ ...check, method: "POST" })).status).toBe(404)
      })
    )
  })

  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("wants HTTPS of providers", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const body = { slug: "plain", name: "Plain", issuer: "http://id.example", clientId }
        const answer = yield* visit({ method: "POST", path: providers, cookie: cookies.admin, body })
        expect([answer.status, answer.json]).toMatchObject([400, { errors: [{ pointer: "/issuer" }] }])
      })
    )
  })
})
