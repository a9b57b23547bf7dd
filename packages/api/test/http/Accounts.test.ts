import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { Effect, Layer, Option } from "effect"
import { mailPeer } from "../mail/MailPeer.js"
import {
  accountNamed,
  ask,
  attempt,
  layerMailed,
  linkIn,
  Mails,
  mailsTo,
  newUser,
  policyOf,
  reset,
  session
} from "./MailedServer.js"
import { layerTestServer, password, testConfig, TestServer } from "./TestServer.js"

describe("forgotten passwords", () => {
  layer(layerMailed, { excludeTestServices: true })((it) => {
    const next = "entirely other words"

    it.effect("are replaced by a mailed link, once", () =>
      Effect.gen(function* () {
        const { signIn, visit } = yield* TestServer
        yield* newUser("erin", { email: "Erin@example.org" })
        const cookie = yield* signIn("erin")
        expect((yield* ask("erin@EXAMPLE.org")).status).toBe(202)
        const [mail] = yield* mailsTo("Erin@example.org", 1)
        const token = linkIn(mail?.text ?? "")
        expect(token).toHaveLength(43)

        expect((yield* reset(token, "short")).status).toBe(400)
        const answers = yield* Effect.forEach([next, `${next} 2`, `${next} 3`], (word) => reset(token, word), {
          concurrency: "unbounded"
        })
        expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([204, 403, 403])
        const taken = [next, `${next} 2`, `${next} 3`][answers.findIndex(({ status }) => status === 204)] ?? ""
        expect((yield* visit({ path: session, cookie })).status).toBe(401)
        expect((yield* attempt("erin", password)).status).toBe(401)
        expect((yield* attempt("erin", taken)).status).toBe(200)
        expect((yield* mailsTo("Erin@example.org", 2)).at(-1)?.subject).toContain("was changed")
      })
    )

    it.effect("are not told: the answer is the same for nobody, and nothing of a token is kept or logged", () =>
      Effect.gen(function* () {
        const { mails } = yield* Mails
        yield* newUser("finn", { email: "finn@example.org" })
        yield* newUser("nomail")
        const known = yield* ask("finn")
        const answers = yield* Effect.forEach(["nobody", "nobody@example.org", "nomail"], ask)
        for (const answer of answers) expect([answer.status, answer.text]).toEqual([known.status, known.text])
        const [mail] = yield* mailsTo("finn@example.org", 1)
        const token = linkIn(mail?.text ?? "")
        const rows = yield* (yield* Database).system(
          "look",
          (sql) => sql<{ readonly text: string }>`select password_resets::text as text from password_resets
            union all select audit_entries::text from audit_entries`
        )
        expect(rows.length).toBeGreaterThan(0)
        for (const { text } of rows) expect(text).not.toContain(token)
        // Another one at once is not sent.
        yield* ask("finn")
        yield* ask("erin")
        expect(mails.filter(({ to }) => to.includes("finn@example.org"))).toHaveLength(1)
      })
    )

    it.effect("have links that end: by time, by a newer one, by another change of the password", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const database = yield* Database
        const id = yield* newUser("gina", { email: "gina@example.org" })
        const age = (seconds: number) =>
          database.system(
            "age",
            (sql) => sql`update password_resets set created_at = created_at - ${`${seconds} s`}::interval,
              expires_at = expires_at - ${`${seconds} s`}::interval where user_id = ${id}`
          )
        const nextToken = (count: number) =>
          Effect.gen(function* () {
            yield* ask("gina")
            return linkIn((yield* mailsTo("gina@example.org", count)).at(-1)?.text ?? "")
          })
        const first = yield* nextToken(1)
        yield* age(3600)
        expect((yield* reset(first, next)).json).toMatchObject({ type: "urn:vigil:problem:reset-refused" })
        const second = yield* nextToken(2)
        yield* age(300)
        const third = yield* nextToken(3)
        expect((yield* reset(second, next)).status).toBe(403)
        yield* visit({ method: "PATCH", path: `/api/v1/users/${id}`, cookie: cookies.admin, body: { password: next } })
        expect((yield* reset(third, `${next}!`)).status).toBe(403)
        expect((yield* reset("x".repeat(43), next)).status).toBe(403)
      })
    )
  })

  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("are an administrator's without a mail server", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const notConfigured = { type: "urn:vigil:problem:mail-not-configured" }
        expect((yield* ask("root")).json).toMatchObject(notConfigured)
        const invite = (body: object) =>
          visit({
            method: "POST",
            path: "/api/v1/users",
            cookie: cookies.admin,
            body: { username: "olga", role: "viewer", ...body }
          })
        expect((yield* invite({ email: "olga@example.org" })).json).toMatchObject(notConfigured)
        expect((yield* invite({ email: "olga@example.org", password })).status).toBe(201)
        expect((yield* accountNamed("olga")).email).toBe("olga@example.org")
        expect((yield* visit({ path: "/api/v1/sign-in" })).json).toEqual({ passwordReset: false, providers: [] })
      })
    )
  })
})

const layerTrusting = Layer.unwrapScoped(
  Effect.map(mailPeer(), (peer) => {
    const mail = {
      host: "127.0.0.1",
      port: peer.port,
      security: "none",
      login: Option.none(),
      from: "vigil@example.org"
    } as const
    return layerTestServer(testConfig({ mail: Option.some(mail), trustedProxies: "any" })).pipe(
      Layer.merge(Layer.succeed(Mails, peer))
    )
  })
)

describe("locks and rules", () => {
  layer(layerTrusting, { excludeTestServices: true })((it) => {
    it.effect("lock an account after wrong passwords from anywhere, until an administrator releases it", () =>
      Effect.gen(function* () {
        const { cookies, signIn, visit } = yield* TestServer
        expect((yield* policyOf({ lockAfter: 4, lockMinutes: null })).status).toBe(200)
        const id = yield* newUser("hana", { email: "hana@example.org" })
        const open = yield* signIn("hana")
        // A right one in between: they count in a row.
        for (const pass of ["wrong", "wrong", "wrong", password]) yield* attempt("hana", pass)
        expect((yield* accountNamed("hana")).lock).toBeNull()
        const answers = yield* Effect.forEach(["a", "b", "c", "d"], (pass) => attempt("hana", pass), { concurrency: "unbounded" })
        expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401])
        expect(yield* accountNamed("hana")).toMatchObject({ wrongPasswords: 4, lock: { until: null } })
        const right = yield* attempt("hana", password)
        expect([right.status, right.json]).toEqual([401, (yield* attempt("nobody", "x")).json])
        expect((yield* mailsTo("hana@example.org", 1))[0]?.text).toContain("until an administrator releases it")
        // Who is in stays in.
        expect((yield* visit({ path: session, cookie: open })).status).toBe(200)

        expect((yield* visit({ method: "DELETE", path: `/api/v1/accounts/${id}/lock`, cookie: cookies.supervisor })).status).toBe(
          403
        )
        expect((yield* visit({ method: "DELETE", path: `/api/v1/accounts/${id}/lock`, cookie: cookies.admin })).status).toBe(204)
        expect((yield* attempt("hana", password)).status).toBe(200)
        const actions = yield* visit({ path: `/api/v1/audit?subjectId=${id}`, cookie: cookies.admin })
        expect(actions.text).toContain('"user.lock"')
        expect(actions.text).toContain('"user.release"')
      })
    )

    it.effect("unlock by time, and by a new password", () =>
      Effect.gen(function* () {
        const database = yield* Database
        expect((yield* policyOf({ lockAfter: 3, lockMinutes: 10 })).status).toBe(200)
        const id = yield* newUser("ivan", { email: "ivan@example.org" })
        const lock = Effect.forEach(["a", "b", "c"], (pass) => attempt("ivan", pass))
        yield* lock
        expect((yield* attempt("ivan", password)).status).toBe(401)
        yield* database.system("age", (sql) => sql`update users set locked_until = now() - interval '1 s' where id = ${id}`)
        expect((yield* attempt("ivan", "wrong again")).status).toBe(401)
        expect((yield* accountNamed("ivan")).wrongPasswords).toBe(1)
        expect((yield* attempt("ivan", password)).status).toBe(200)
        yield* lock
        expect((yield* accountNamed("ivan")).lock).not.toBeNull()
        yield* ask("ivan")
        const mails = yield* mailsTo("ivan@example.org", 3)
        const token = /#([\w-]{43})$/m.exec(mails.at(-1)?.text ?? "")?.[1] ?? ""
        expect((yield* reset(token, "entirely other words")).status).toBe(204)
        expect((yield* attempt("ivan", "entirely other words")).status).toBe(200)
      })
    )

    it.effect("want long passwords, and none of the last ones", () =>
      Effect.gen(function* () {
        const { cookies, signIn, visit } = yield* TestServer
        yield* newUser("jane")
        expect((yield* policyOf({ shortestPassword: 20, rememberedPasswords: 2 })).status).toBe(200)
        expect((yield* policyOf({ shortestPassword: 4 })).status).toBe(400)
        const cookie = yield* signIn("jane")
        const change = (current: string, next: string) =>
          visit({ method: "PUT", path: "/api/v1/session/password", cookie, body: { current, next } })
        expect((yield* change(password, "nineteen characters")).text).toContain("at least 20 characters")
        expect((yield* change(password, password)).text).toContain("last passwords")
        const words = ["the first of three passwords", "the second of three passwords"]
        const [first = "", second = ""] = words
        expect((yield* change(password, first)).status).toBe(204)
        expect((yield* change(first, password)).text).toContain("last passwords")
        expect((yield* change(first, second)).status).toBe(204)
        expect((yield* change(second, first)).text).toContain("last passwords")
        expect((yield* change(second, password)).status).toBe(204)
        expect(
          (yield* visit({ method: "PUT", path: "/api/v1/password-policy", cookie: cookies.supervisor, body: {} })).status
        ).toBe(400)
        const trail = yield* visit({ path: "/api/v1/audit?action=password.policy", cookie: cookies.admin })
        expect(trail.json).toMatchObject({ entries: [{ after: { shortestPassword: 20 } }, {}, {}] })
        expect(trail.text).not.toContain(first)
      })
    )
  })
})
