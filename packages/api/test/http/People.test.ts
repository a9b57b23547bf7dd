import { describe, expect, layer } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { accountNamed, ask, attempt, layerMailed, linkIn, Mails, mailsTo, newUser, reset, session } from "./MailedServer.js"
import { password, TestServer } from "./TestServer.js"

describe("people", () => {
  layer(layerMailed, { excludeTestServices: true })((it) => {
    it.effect("have profiles of their own; another mail address needs the password", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const change = (body: object, cookie = cookies.operator) =>
          visit({ method: "PATCH", path: "/api/v1/account", cookie, body })
        expect((yield* change({ displayName: "Olga Operator", language: "de" })).json).toMatchObject({
          username: "operator",
          displayName: "Olga Operator",
          language: "de",
          email: null
        })
        expect((yield* change({ email: "olga@example.org" })).status).toBe(400)
        expect((yield* change({ email: "olga@example.org", password: "not this one" })).status).toBe(400)
        expect((yield* change({ email: "olga@example.org", password })).json).toMatchObject({ email: "olga@example.org" })
        yield* change({ email: "new@example.org", password })
        const [told] = yield* mailsTo("olga@example.org", 1)
        expect(told?.subject).toContain("=?UTF-8?")
        expect(told?.text).toContain("Hallo Olga Operator")
        for (const email of ["a b@example.org", "x@y\r\nbcc: z@example.org", "@example.org", "x"])
          expect((yield* change({ email, password })).status).toBe(400)
        const trail = yield* visit({ path: "/api/v1/audit?action=user.profile&limit=1", cookie: cookies.admin })
        expect(trail.json).toMatchObject({
          entries: [
            { actor: { username: "operator" }, before: { email: "olga@example.org" }, after: { email: "new@example.org" } }
          ]
        })
      })
    )

    it.effect("whose profiles administrators may change", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { id } = yield* accountNamed("viewer")
        const path = `/api/v1/accounts/${id}`
        expect((yield* visit({ path, cookie: cookies.supervisor })).status).toBe(403)
        expect((yield* visit({ path: "/api/v1/accounts", cookie: cookies.supervisor })).status).toBe(403)
        expect((yield* visit({ method: "PATCH", path, cookie: cookies.viewer, body: { email: "x@example.org" } })).status).toBe(
          403
        )
        expect((yield* visit({ path: `/api/v1/accounts/${crypto.randomUUID()}`, cookie: cookies.admin })).status).toBe(404)
        expect(
          (yield* visit({ method: "DELETE", path: `/api/v1/accounts/${crypto.randomUUID()}/lock`, cookie: cookies.admin })).status
        ).toBe(404)
      })
    )

    const asAdmin = (method: string, path: string, body?: unknown) =>
      Effect.flatMap(TestServer, ({ cookies, visit }) => visit({ method, path: `/api/v1${path}`, cookie: cookies.admin, body }))

    it.effect("are invited by a mailed link to choose a password, and by another one", () =>
      Effect.gen(function* () {
        const invited = { username: "kim", role: "operator", displayName: "Kim K.", email: "kim@example.org", language: "de" }
        expect((yield* asAdmin("POST", "/users", { ...invited, email: null })).json).toMatchObject({
          type: "urn:vigil:problem:link-no-address"
        })
        expect((yield* asAdmin("POST", "/users", invited)).status).toBe(201)
        const { hasPassword, id } = yield* accountNamed("kim")
        expect(hasPassword).toBe(false)
        expect((yield* attempt("kim", password)).status).toBe(401)
        const [mail] = yield* mailsTo("kim@example.org", 1)
        expect(mail?.text).toMatch(/Hallo Kim K\.,[^]*72 Stunden/)
        expect((yield* asAdmin("POST", `/users/${id}/password-link`)).json).toMatchObject({
          type: "urn:vigil:problem:link-just-sent"
        })
        expect((yield* reset(linkIn(mail?.text ?? ""), password)).status).toBe(204)
        expect((yield* attempt("kim", password)).status).toBe(200)
        expect((yield* accountNamed("kim")).hasPassword).toBe(true)

        expect((yield* asAdmin("POST", `/users/${id}/password-link`)).status).toBe(202)
        const again = (yield* mailsTo("kim@example.org", 3)).at(-1)
        expect((yield* reset(linkIn(again?.text ?? ""), "entirely other words")).status).toBe(204)
        expect((yield* attempt("kim", "entirely other words")).status).toBe(200)
        expect((yield* asAdmin("POST", `/users/${crypto.randomUUID()}/password-link`)).status).toBe(404)
      })
    )

    it.effect("who are disabled come in by no way, and again once they are enabled", () =>
      Effect.gen(function* () {
        const { signIn, visit } = yield* TestServer
        const { mails } = yield* Mails
        const id = yield* newUser("lars", { email: "lars@example.org" })
        const cookie = yield* signIn("lars")
        const made = yield* visit({
          method: "POST",
          path: "/api/v1/api-keys",
          cookie,
          body: { name: "program", scopes: ["read"] }
        })
        const { key } = made.json as { readonly key: string }
        const byKey = visit({ path: "/api/v1/cameras", headers: { authorization: `Bearer ${key}` } })
        expect((yield* byKey).status).toBe(200)
        yield* ask("lars")
        const [mail] = yield* mailsTo("lars@example.org", 1)

        expect((yield* asAdmin("PATCH", `/users/${id}`, { disabled: true })).json).toMatchObject({ disabled: true })
        expect((yield* visit({ path: session, cookie })).status).toBe(401)
        const refused = yield* attempt("lars", password)
        expect([refused.status, refused.text]).toEqual([401, expect.stringContaining("This account is disabled")])
        expect((yield* attempt("lars", "wrong")).text).not.toContain("disabled")
        expect((yield* reset(linkIn(mail?.text ?? ""), "entirely other words")).status).toBe(403)
        const closed = Effect.filterOrFail(byKey, ({ status }) => status === 401)
        yield* Effect.retry(closed, Schedule.spaced("100 millis")).pipe(Effect.timeout("60 seconds"))
        yield* ask("lars")
        expect((yield* asAdmin("PATCH", `/users/${id}`, { disabled: false })).json).toMatchObject({ disabled: false })
        expect((yield* byKey).status).toBe(200)
        expect((yield* attempt("lars", password)).status).toBe(200)
        expect(mails.filter(({ to }) => to.includes("lars@example.org"))).toHaveLength(1)
        const trail = yield* asAdmin("GET", `/audit?subjectId=${id}&action=user.update`)
        expect(trail.json).toMatchObject({
          entries: [{ after: { disabled: false } }, { before: { disabled: false }, after: { disabled: true } }]
        })
      })
    )

    it.effect("always have an administrator who can come in", () =>
      Effect.gen(function* () {
        const root = yield* accountNamed("root")
        const last = { status: 409, json: { type: "urn:vigil:problem:last-administrator" } }
        const ways = [
          asAdmin("PATCH", `/users/${root.id}`, { role: "supervisor" }),
          asAdmin("PATCH", `/users/${root.id}`, { disabled: true }),
          asAdmin("DELETE", `/users/${root.id}`)
        ]
        for (const way of ways) expect(yield* way).toMatchObject(last)
        // Neither one who has not chosen a password yet nor one who is disabled is another administrator.
        const invited = { username: "mia", role: "admin", email: "mia@example.org" }
        expect((yield* asAdmin("POST", "/users", invited)).status).toBe(201)
        const other = yield* newUser("noah")
        expect((yield* asAdmin("PATCH", `/users/${other}`, { role: "admin", disabled: true })).status).toBe(200)
        for (const way of ways) expect(yield* way).toMatchObject(last)
        expect((yield* asAdmin("PATCH", `/users/${other}`, { disabled: false })).status).toBe(200)
        expect((yield* asAdmin("PATCH", `/users/${root.id}`, { role: "supervisor" })).status).toBe(200)
      })
    )
  })
})
