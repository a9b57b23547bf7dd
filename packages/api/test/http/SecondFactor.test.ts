import { describe, expect, layer } from "@effect/vitest"
import { totpCode, totpStep } from "@vigil/api/auth/Totp"
import { Database } from "@vigil/api/database/Database"
import { AuditPage } from "@vigil/core/AuditEntry"
import { RecoveryCodes, SecondFactorOffer, SecondFactorStatus } from "@vigil/core/SecondFactor"
import { User } from "@vigil/core/User"
import { Effect, Redacted, Schedule, Schema } from "effect"
import { rpcClient } from "./RpcVisitor.js"
import { type Answer, cookieOf, layerTestServer, password, TestServer } from "./TestServer.js"

const own = "/api/v1/session/second-factor"
const session = "/api/v1/session"
const policy = "/api/v1/sign-in-policy"
const decodeOffer = Schema.decodeUnknownSync(SecondFactorOffer)
const decodeStatus = Schema.decodeUnknownSync(SecondFactorStatus)
const decodeCodes = Schema.decodeUnknownSync(RecoveryCodes)
const decodeUser = Schema.decodeUnknownSync(User)

const typeOf = ({ json }: Answer): string =>
  String((json as { readonly type?: unknown } | undefined)?.type)
    .split(":")
    .at(-1) ?? ""

/** The code of an interval near now: each is good once, so each sign-in of a test takes the next one that is. */
const codeOf = (secret: string, offset = 0) => totpCode(secret, totpStep(Date.now()) + offset)

const addUser = (username: string) =>
  Effect.gen(function* () {
    const { cookies, visit } = yield* TestServer
    const added = yield* visit({
      method: "POST",
      path: "/api/v1/users",
      cookie: cookies.admin,
      body: { username, role: "viewer", password }
    })
    return decodeUser(added.json)
  })

const signIn = (username: string, code?: string, path = session) =>
  Effect.flatMap(TestServer, ({ visit }) =>
    visit({ method: "POST", path, body: { username, password, ...(code === undefined ? {} : { code }) } })
  )

const send = (cookie: string, path: string, body: object) =>
  Effect.flatMap(TestServer, ({ visit }) => visit({ method: "POST", path, cookie, body }))

const statusOf = (cookie: string) =>
  Effect.flatMap(TestServer, ({ visit }) => Effect.map(visit({ path: own, cookie }), ({ json }) => decodeStatus(json)))

/** Time until the interval of now ends, so that a code of the one before is good until it arrives. */
const enoughTime = Effect.suspend(() => Effect.sleep(Date.now() % 30_000 > 25_000 ? 30_000 - (Date.now() % 30_000) : 0))

/** Sets up a second factor; the first code that is used up is the one of the interval before. */
const enable = (cookie: string) =>
  Effect.gen(function* () {
    const secret = Redacted.value(decodeOffer((yield* send(cookie, own, { password })).json).secret)
    yield* enoughTime
    const confirmed = yield* send(cookie, `${own}/confirmation`, { code: codeOf(secret, -1) })
    return { secret, codes: decodeCodes(confirmed.json).recoveryCodes.map(Redacted.value) }
  })

const newcomer = (username: string) =>
  Effect.gen(function* () {
    const user = yield* addUser(username)
    const cookie = cookieOf(yield* signIn(username))
    return { user, cookie, ...(yield* enable(cookie)) }
  })

describe("second factors", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("count once a first code was given, and are asked for from then on", () =>
      Effect.gen(function* () {
        yield* addUser("anna")
        const cookie = cookieOf(yield* signIn("anna"))
        expect(yield* statusOf(cookie)).toEqual({ since: null, required: false, recoveryCodes: 0 })
        const guessed = yield* send(cookie, own, { password: "not the password" })
        expect([guessed.status, typeOf(guessed)]).toEqual([400, "wrong-password"])
        expect(typeOf(yield* send(cookie, `${own}/confirmation`, { code: "123456" }))).toBe("second-factor-not-offered")
        const first = decodeOffer((yield* send(cookie, own, { password })).json)
        const offered = yield* send(cookie, own, { password })
        expect(offered.status).toBe(201)
        const { secret, uri } = decodeOffer(offered.json)
        const text = Redacted.value(secret)
        expect(text).not.toBe(Redacted.value(first.secret))
        expect(Redacted.value(uri)).toContain(`otpauth://totp/Vigil:anna?secret=${text}`)
        expect((yield* signIn("anna")).status).toBe(200)
        const wrong = yield* send(cookie, `${own}/confirmation`, { code: codeOf(text, 5) })
        expect(wrong.status).toBe(400)
        expect(typeOf(wrong)).toBe("code-wrong")
        yield* enoughTime
        const confirmed = yield* send(cookie, `${own}/confirmation`, { code: codeOf(text, -1) })
        expect(decodeCodes(confirmed.json).recoveryCodes).toHaveLength(10)
        expect(yield* statusOf(cookie)).toMatchObject({ required: false, recoveryCodes: 10 })
        expect(typeOf(yield* send(cookie, own, { password }))).toBe("second-factor-exists")

        const without = yield* signIn("anna")
        expect([without.status, typeOf(without), cookieOf(without)]).toEqual([401, "code-needed", ""])
        expect(typeOf(yield* signIn("anna", codeOf(text, 9)))).toBe("code-wrong")
        expect((yield* signIn("anna", codeOf(text))).status).toBe(200)
        expect(typeOf(yield* signIn("anna", undefined, "/api/v1/tokens"))).toBe("code-needed")
        expect((yield* signIn("anna", codeOf(text, 1), "/api/v1/tokens")).status).toBe(201)
        const stranger = yield* signIn("nobody", "123456")
        expect(typeOf(stranger)).toBe("unauthorized")
      })
    )

    it.effect("take no code twice, nor one from before", () =>
      Effect.gen(function* () {
        const { secret } = yield* newcomer("bert")
        expect(typeOf(yield* signIn("bert", codeOf(secret, -1)))).toBe("code-wrong")
        const code = codeOf(secret)
        const answers = yield* Effect.all([signIn("bert", code), signIn("bert", code), signIn("bert", code)], {
          concurrency: "unbounded"
        })
        expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 401, 401])
        expect(typeOf(yield* signIn("bert", code))).toBe("code-wrong")
      })
    )

    it.effect("give way to recovery codes, each once, and to fresh ones", () =>
      Effect.gen(function* () {
        const { codes, cookie } = yield* newcomer("carl")
        const [first = "", second = ""] = codes
        expect((yield* signIn("carl", first.toUpperCase().replaceAll("-", " "))).status).toBe(200)
        expect(typeOf(yield* signIn("carl", first))).toBe("code-wrong")
        expect((yield* statusOf(cookie)).recoveryCodes).toBe(9)
        expect((yield* send(cookie, `${own}/recovery-codes`, { password: "not the password" })).status).toBe(400)
        const fresh = decodeCodes((yield* send(cookie, `${own}/recovery-codes`, { password })).json).recoveryCodes
        expect(typeOf(yield* signIn("carl", second))).toBe("code-wrong")
        expect((yield* signIn("carl", Redacted.value(fresh[0] ?? Redacted.make("")))).status).toBe(200)
      })
    )

    it.effect("let nobody try many codes, wherever they come from", () =>
      Effect.gen(function* () {
        const { secret } = yield* newcomer("dora")
        const tries = yield* Effect.replicateEffect(signIn("dora", "000000"), 8)
        expect(tries.map(({ status }) => status)).toContain(429)
        const last = tries.at(-1)
        expect(last?.status).toBe(429)
        expect(Number(last?.headers.get("retry-after"))).toBeGreaterThan(0)
        expect((yield* signIn("dora", codeOf(secret))).status).toBe(429)
        expect((yield* newcomer("emil")).codes).toHaveLength(10)
      })
    )

    it.effect("go with the password, or by an administrator", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { cookie, user } = yield* newcomer("fritz")
        expect((yield* send(cookie, `${own}/removal`, { password: "not the password" })).status).toBe(400)
        expect((yield* send(cookie, `${own}/removal`, { password })).status).toBe(204)
        expect((yield* signIn("fritz")).status).toBe(200)
        expect(typeOf(yield* send(cookie, `${own}/removal`, { password }))).toBe("second-factor-missing")
        yield* enable(cookie)
        expect((yield* signIn("fritz")).status).toBe(401)
        const theirs = `/api/v1/users/${user.id}/second-factor`
        expect((yield* visit({ path: theirs, cookie: cookies.supervisor })).status).toBe(403)
        expect((yield* visit({ path: theirs, cookie: cookies.admin })).json).toMatchObject({ recoveryCodes: 10 })
        expect((yield* visit({ method: "DELETE", path: theirs, cookie: cookies.admin })).status).toBe(204)
        expect((yield* visit({ method: "DELETE", path: theirs, cookie: cookies.admin })).status).toBe(409)
        expect((yield* signIn("fritz")).status).toBe(200)
        const nobody = "/api/v1/users/00000000-0000-4000-8000-00000000000a/second-factor"
        expect((yield* visit({ method: "DELETE", path: nobody, cookie: cookies.admin })).status).toBe(404)
      })
    )

    it.effect("are in the audit trail without their secrets, which are kept encrypted", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { codes, secret, user } = yield* newcomer("gerd")
        yield* signIn("gerd", "000000")
        yield* signIn("gerd", codes[0])
        const answer = yield* visit({ path: `/api/v1/audit?subjectId=${user.id}`, cookie: cookies.admin })
        const { entries } = Schema.decodeUnknownSync(AuditPage)(answer.json)
        expect(entries.map(({ action, actor }) => [action, actor.username, actor.id === null])).toEqual([
          ["second-factor.recover", "gerd", false],
          ["second-factor.refused", "gerd", true],
          ["second-factor.enable", "gerd", false],
          ["user.create", "root", false]
        ])
        const database = yield* Database
        const rows = yield* Effect.forEach(["second_factors", "recovery_codes", "audit_entries"], (table) =>
          database.system("look", (sql) => sql.unsafe(`select * from ${table}`))
        )
        const kept = JSON.stringify(rows, (_, value: unknown) =>
          value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value
        )
        for (const each of [secret, ...codes]) expect(kept).not.toContain(each)
      })
    )
  })

  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.scoped("are wanted of everybody where the policy says so: until then nothing else is open", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const put = (cookie: string, secondFactor: string) =>
          visit({ method: "PUT", path: policy, cookie, body: { secondFactor } })
        expect((yield* visit({ path: policy, cookie: cookies.viewer })).json).toEqual({ secondFactor: "optional" })
        expect((yield* put(cookies.supervisor, "required")).status).toBe(403)
        const rpc = yield* rpcClient(cookies.operator)
        expect((yield* rpc.WhoAmI()).username).toBe("operator")
        yield* enable(cookies.admin)
        expect((yield* put(cookies.admin, "required")).status).toBe(200)

        const cookie = cookieOf(yield* signIn("operator"))
        for (const path of ["/api/v1/cameras", "/api/v1/users", "/api/v1/openapi.json", "/docs", "/metrics", "/api/v1/rpc"]) {
          const answer = yield* visit({ path, cookie })
          expect([answer.status, typeOf(answer)], path).toEqual([403, "second-factor-required"])
        }
        // The connection that was open before is closed within seconds, and takes no calls until then.
        expect(yield* Effect.flip<unknown, unknown, never>(rpc.ListCameras())).toBeDefined()
        const tokens = yield* signIn("operator", undefined, "/api/v1/tokens")
        const { accessToken } = tokens.json as { readonly accessToken: string }
        const headers = { authorization: `Bearer ${accessToken}` }
        expect(typeOf(yield* visit({ path: "/api/v1/cameras", headers }))).toBe("second-factor-required")
        for (const path of [session, own, "/api/v1/sessions"]) expect((yield* visit({ path, cookie })).status, path).toBe(200)
        expect((yield* visit({ path: "/api/v1/cameras", cookie: cookies.admin })).status).toBe(200)
        expect(typeOf(yield* send(cookies.admin, `${own}/removal`, { password }))).toBe("second-factor-required")

        yield* enable(cookie)
        const open = (given: { readonly cookie?: string; readonly headers?: Record<string, string> }) =>
          Effect.map(visit({ path: "/api/v1/cameras", ...given }), ({ status }) => status)
        expect(yield* open({ cookie })).toBe(200)
        yield* Effect.repeat(open({ headers }), {
          until: (status) => status === 200,
          schedule: Schedule.spaced("100 millis")
        }).pipe(Effect.timeout("60 seconds"))
        expect((yield* put(cookies.admin, "optional")).status).toBe(200)
        expect((yield* visit({ path: "/api/v1/cameras", cookie: cookies.viewer })).status).toBe(200)
      })
    )
  })
})
