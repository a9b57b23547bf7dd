import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { ServerAddress } from "@vigil/api/http/HttpListener"
import { layerStores } from "@vigil/api/Persistence"
import { TokenPair } from "@vigil/core/AccessToken"
import { AuditPage } from "@vigil/core/AuditEntry"
import { SigningKeyStore } from "@vigil/core/port/SigningKeyStore"
import { Effect, Either, Layer, Redacted, Schedule, Schema } from "effect"
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  jwtVerify,
  SignJWT
} from "jose"
import { generateKeyPairSync } from "node:crypto"
import { EmbeddedDatabase } from "../EmbeddedDatabase.js"
import { rpcClientWith } from "./RpcVisitor.js"
import { layerServerOver, layerTestServer, password, TestServer, testConfig } from "./TestServer.js"

const tokens = "/api/v1/tokens"
const jwks = "/api/v1/.well-known/jwks.json"
const session = "/api/v1/session"
const decodePair = Schema.decodeUnknownSync(TokenPair)
const decodeSessions = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ id: Schema.UUID, kind: Schema.String, current: Schema.Boolean }))
)

const bearer = (token: string | Redacted.Redacted) => ({
  authorization: `Bearer ${typeof token === "string" ? token : Redacted.value(token)}`
})

const post = (path: string, body: object) => Effect.flatMap(TestServer, ({ visit }) => visit({ method: "POST", path, body }))

const beginning = { method: "POST", path: tokens, body: { username: "operator", password } }

const begin = (username: string) => Effect.map(post(tokens, { username, password }), ({ json }) => decodePair(json))

const refresh = (token: Redacted.Redacted) => post(`${tokens}/refresh`, { refreshToken: Redacted.value(token) })

const statusWith = (token: string | Redacted.Redacted, path = session) =>
  Effect.flatMap(TestServer, ({ visit }) => Effect.map(visit({ path, headers: bearer(token) }), ({ status }) => status))

/** Polls until the token is refused: a server may believe its session or its key a moment longer. */
const untilRefused = <E, R>(status: Effect.Effect<number, E, R>) =>
  Effect.repeat(status, { until: (now) => now === 401, schedule: Schedule.spaced("100 millis") }).pipe(
    Effect.timeout("60 seconds")
  )

const refused = (token: Redacted.Redacted) => untilRefused(statusWith(token))

describe("tokens", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("let programs in as the user, over HTTP, whatever cookie comes along", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const made = yield* post(tokens, { username: "SUPERVISOR", password })
        expect(made.status).toBe(201)
        expect(made.headers.getSetCookie()).toEqual([])
        const pair = decodePair(made.json)
        expect(pair.user).toMatchObject({ username: "supervisor", role: "supervisor" })
        expect(Redacted.value(pair.refreshToken)).toMatch(/^vgr_[A-Za-z0-9_-]{43}$/)
        const me = yield* visit({ path: session, headers: bearer(pair.accessToken), cookie: "vigil-session=x" })
        expect(me.json).toMatchObject({ username: "supervisor" })
        expect(yield* statusWith(pair.accessToken, "/api/v1/users")).toBe(403)
        for (const path of ["/api/v1/cameras", "/api/v1/openapi.json", "/docs", "/metrics"]) {
          expect(yield* statusWith(pair.accessToken, path), path).toBe(200)
        }
      })
    )

    it.effect("are no cookies, and cookies are no tokens", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { accessToken, refreshToken } = yield* begin("viewer")
        for (const token of [accessToken, refreshToken]) {
          const cookie = `vigil-session=${Redacted.value(token)}`
          expect((yield* visit({ path: session, cookie })).status).toBe(401)
        }
        expect(yield* statusWith(refreshToken)).toBe(401)
        expect(yield* statusWith(cookies.viewer.split("=")[1] ?? "")).toBe(401)
        expect((yield* refresh(Redacted.make(cookies.viewer.split("=")[1] ?? ""))).status).toBe(401)
      })
    )

    it.scoped("open RPC, and the connection outlives the access token, but not the session", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const { accessToken } = yield* begin("operator")
        const rpc = yield* rpcClientWith(bearer(accessToken))
        expect((yield* rpc.WhoAmI()).username).toBe("operator")
        yield* visit({ method: "DELETE", path: session, headers: bearer(accessToken) })
        yield* refused(accessToken)
        const later = yield* Effect.either(Effect.timeout(rpc.WhoAmI(), "6 seconds"))
        expect(Either.isLeft(later)).toBe(true)
      })
    )

    it.effect("are JWTs that others can check with the published keys, and tell nothing secret", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const pair = yield* begin("root")
        const published = (yield* visit({ path: jwks })).json as JSONWebKeySet
        expect(JSON.stringify(published)).not.toContain('"d"')
        const text = Redacted.value(pair.accessToken)
        const { payload, protectedHeader } = yield* Effect.promise(() =>
          jwtVerify(text, createLocalJWKSet(published), { audience: "vigil", issuer: "urn:vigil", typ: "at+jwt" })
        )
        expect(protectedHeader.alg).toBe("EdDSA")
        expect(payload).toMatchObject({ sub: pair.user.id, sid: pair.sessionId, role: "admin", preferred_username: "root" })
        expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(900)
      })
    )

    it.effect("are refused when they are forged", () =>
      Effect.gen(function* () {
        const { visit } = yield* TestServer
        const { accessToken, refreshToken } = yield* begin("viewer")
        const text = Redacted.value(accessToken)
        const [head = "", body = "", signature = ""] = text.split(".")
        const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
        const claims = decodeJwt(text)
        const { kid } = decodeProtectedHeader(text)
        const stranger = generateKeyPairSync("ed25519")
        const signed = (payload: object, header: object, key = stranger.privateKey) =>
          Effect.promise(() =>
            new SignJWT({ ...payload }).setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: kid ?? "", ...header }).sign(key)
          )
        const published = (yield* visit({ path: jwks })).text
        const secret = Buffer.from(published)
        const withPublicKey = yield* Effect.promise(() =>
          new SignJWT({ ...claims }).setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: kid ?? "" }).sign(secret)
        )
        const forged = [
          `${head}.${encode({ ...claims, role: "admin", sub: "x" })}.${signature}`,
          `${encode({ alg: "none", typ: "at+jwt", kid })}.${body}.`,
          `${encode({ alg: "none", typ: "at+jwt", kid })}.${body}.${signature}`,
          `${head}.${body}.${signature.slice(0, -2)}AA`,
          `${head}.${body}`,
          withPublicKey,
          yield* signed(claims, {}),
          yield* signed(claims, { kid: "00000000-0000-4000-8000-00000000000a" }),
          yield* signed(claims, { kid: "'; drop table signing_keys; --" }),
          `${"a".repeat(3000)}.b.c`
        ]
        for (const token of forged) expect(yield* statusWith(token), token.slice(0, 80)).toBe(401)
        expect(yield* statusWith(accessToken)).toBe(200)
        expect((yield* refresh(refreshToken)).status).toBe(200)
      })
    )

    it.effect("count for nothing with other claims, also under the right signature", () =>
      Effect.gen(function* () {
        const { accessToken, sessionId, user } = yield* begin("viewer")
        const { kid = "" } = decodeProtectedHeader(Redacted.value(accessToken))
        const key = (yield* (yield* SigningKeyStore).all).find(({ id }) => id === kid)
        const jwk = JSON.parse(Redacted.value(key?.jwk ?? Redacted.make("{}"))) as JWK
        const now = Math.floor(Date.now() / 1000)
        const right = { ...decodeJwt(Redacted.value(accessToken)) }
        const signed = (claims: object, header: object = {}) =>
          Effect.promise(async () =>
            new SignJWT({ ...right, ...claims })
              .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid, ...header })
              .sign(await importJWK(jwk, "EdDSA"))
          )
        expect(yield* statusWith(yield* signed({}))).toBe(200)
        const other = yield* begin("operator")
        const wrong = [
          [{ exp: now - 60 }, {}],
          [{ exp: undefined }, {}],
          [{ nbf: now + 600 }, {}],
          [{ aud: "another service" }, {}],
          [{ sid: "00000000-0000-4000-8000-00000000000a" }, {}],
          [{ sid: other.sessionId }, {}],
          [{ sub: other.user.id }, {}],
          [{ sid: undefined }, {}],
          [{}, { typ: "JWT" }]
        ] as const
        for (const [claims, header] of wrong) {
          expect(yield* statusWith(yield* signed(claims, header)), JSON.stringify([claims, header])).toBe(401)
        }
        // What it says of the role is for others: Vigil looks at what the user is now.
        const { visit } = yield* TestServer
        const posing = yield* visit({ path: session, headers: bearer(yield* signed({ role: "admin" })) })
        expect(posing.json).toMatchObject({ id: user.id, role: "viewer" })
        expect(sessionId).toBe(right["sid"])
      })
    )

    it.effect("are exchanged for the next two, once", () =>
      Effect.gen(function* () {
        const first = yield* begin("operator")
        const second = decodePair((yield* refresh(first.refreshToken)).json)
        expect(second.sessionId).toBe(first.sessionId)
        expect(Redacted.value(second.refreshToken)).not.toBe(Redacted.value(first.refreshToken))
        expect(yield* statusWith(second.accessToken)).toBe(200)
        const third = decodePair((yield* refresh(second.refreshToken)).json)
        expect(yield* statusWith(third.accessToken)).toBe(200)
        for (const wrong of ["", "vgr_", `vgr_${"x".repeat(43)}`, Redacted.value(third.refreshToken).slice(4)]) {
          expect((yield* refresh(Redacted.make(wrong))).status, wrong).toBe(401)
        }
        const long = yield* refresh(third.accessToken)
        expect(long.status).toBe(400)
        expect(long.text).not.toContain(Redacted.value(third.accessToken).slice(0, 40))
      })
    )

    it.effect("end with their whole family when a stolen refresh token is used a second time", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const other = yield* begin("operator")
        const first = yield* begin("operator")
        const thief = decodePair((yield* refresh(first.refreshToken)).json)
        expect(yield* statusWith(thief.accessToken)).toBe(200)
        const owner = yield* refresh(first.refreshToken)
        expect(owner.status).toBe(401)
        expect(owner.json).toMatchObject({ detail: expect.stringContaining("used before") })
        // At once on this node, not after a belief has run out.
        for (const { accessToken } of [first, thief]) expect(yield* statusWith(accessToken)).toBe(401)
        expect((yield* refresh(thief.refreshToken)).status).toBe(401)
        expect(yield* statusWith(other.accessToken)).toBe(200)
        const audit = yield* visit({ path: "/api/v1/audit?action=refresh-token.reused", cookie: cookies.admin })
        const [entry] = Schema.decodeUnknownSync(AuditPage)(audit.json).entries
        expect(entry).toMatchObject({ actor: { username: "operator" }, subject: { id: first.sessionId } })
        for (const { refreshToken } of [first, thief]) expect(audit.text).not.toContain(Redacted.value(refreshToken).slice(4))
      })
    )

    it.effect("end with their family when two exchange the same one at once", () =>
      Effect.gen(function* () {
        const first = yield* begin("operator")
        const answers = yield* Effect.all(
          [refresh(first.refreshToken), refresh(first.refreshToken), refresh(first.refreshToken)],
          {
            concurrency: "unbounded"
          }
        )
        expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 401, 401])
        const won = answers.find(({ status }) => status === 200)
        expect(yield* statusWith(decodePair(won?.json).accessToken)).toBe(401)
      })
    )

    it.effect("end when they are given back, also by an old refresh token, which tells nothing", () =>
      Effect.gen(function* () {
        const first = yield* begin("viewer")
        const second = decodePair((yield* refresh(first.refreshToken)).json)
        const revoke = (token: string) => post(`${tokens}/revocation`, { refreshToken: token })
        expect((yield* revoke(`vgr_${"x".repeat(43)}`)).status).toBe(204)
        expect((yield* revoke(Redacted.value(first.refreshToken))).status).toBe(204)
        expect(yield* statusWith(second.accessToken)).toBe(401)
        expect((yield* refresh(second.refreshToken)).status).toBe(401)
      })
    )

    it.effect("are listed beside browsers, and revoked by their user and by administrators", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const mine = yield* begin("viewer")
        const listed = yield* visit({ path: "/api/v1/sessions", headers: bearer(mine.accessToken) })
        const all = decodeSessions(listed.json)
        expect(all.filter(({ current }) => current).map(({ id, kind }) => [id, kind])).toEqual([[mine.sessionId, "token"]])
        expect(all.map(({ kind }) => kind)).toContain("browser")
        const path = `/api/v1/sessions/${mine.sessionId}`
        expect((yield* visit({ method: "DELETE", path, cookie: cookies.operator })).status).toBe(404)
        expect((yield* visit({ method: "DELETE", path, cookie: cookies.viewer })).status).toBe(204)
        expect(yield* statusWith(mine.accessToken)).toBe(401)

        const again = yield* begin("viewer")
        const theirs = `/api/v1/users/${again.user.id}/sessions`
        expect((yield* visit({ path: theirs, cookie: cookies.supervisor })).status).toBe(403)
        const known = decodeSessionsOf((yield* visit({ path: theirs, cookie: cookies.admin })).json)
        expect(known.map(({ id }) => id)).toContain(again.sessionId)
        expect((yield* visit({ method: "DELETE", path: `${theirs}/${again.sessionId}`, cookie: cookies.admin })).status).toBe(204)
        expect((yield* visit({ method: "DELETE", path: `${theirs}/${again.sessionId}`, cookie: cookies.admin })).status).toBe(404)
        expect(yield* statusWith(again.accessToken)).toBe(401)
        expect((yield* visit({ method: "DELETE", path: theirs, cookie: cookies.admin })).status).toBe(204)
        expect((yield* visit({ path: session, cookie: cookies.viewer })).status).toBe(401)
        const nobody = "/api/v1/users/00000000-0000-4000-8000-00000000000a/sessions"
        expect((yield* visit({ path: nobody, cookie: cookies.admin })).status).toBe(404)
      })
    )

    it.effect("are kept as hashes, and signing keys encrypted", () =>
      Effect.gen(function* () {
        const first = yield* begin("operator")
        const second = decodePair((yield* refresh(first.refreshToken)).json)
        const database = yield* Database
        const rows = yield* Effect.forEach(["sessions", "spent_refresh_tokens", "signing_keys", "audit_entries"], (table) =>
          database.system("look", (sql) => sql.unsafe(`select * from ${table}`))
        )
        const kept = JSON.stringify(rows, (_, value: unknown) =>
          value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value
        )
        for (const secret of [first.refreshToken, second.refreshToken, second.accessToken]) {
          expect(kept).not.toContain(Redacted.value(secret).slice(4))
        }
        expect(kept).not.toMatch(/Ed25519|"d":/)
      })
    )
  })

  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("are those of all nodes, and so are their ends", () =>
      Effect.gen(function* () {
        const { connection, folder } = yield* EmbeddedDatabase
        const { cookies, url, visit } = yield* TestServer
        yield* Effect.gen(function* () {
          const other = (yield* ServerAddress).url
          const statusAt = (at: string, token: Redacted.Redacted) =>
            Effect.map(visit({ path: session, headers: bearer(token), at }), ({ status }) => status)
          const begun = yield* Effect.all(
            [url, other].map((at) => visit({ ...beginning, at })),
            { concurrency: "unbounded" }
          )
          const [here, there] = begun.map(({ json }) => decodePair(json))
          for (const at of [url, other]) {
            for (const pair of [here, there]) expect(yield* statusAt(at, pair?.accessToken ?? Redacted.make(""))).toBe(200)
          }
          const lists = yield* Effect.all([url, other].map((at) => visit({ path: jwks, at })))
          expect(lists.map(({ json }) => (json as JSONWebKeySet).keys)).toEqual([[expect.anything()], [expect.anything()]])
          expect(new Set(lists.map(({ text }) => text)).size).toBe(1)

          yield* visit({ method: "DELETE", path: session, headers: bearer(here?.accessToken ?? ""), at: url })
          yield* untilRefused(statusAt(other, here?.accessToken ?? Redacted.make("")))
          const body = { only: true }
          yield* visit({ method: "POST", path: "/api/v1/keys/signing/rotation", cookie: cookies.admin, body, at: other })
          expect(yield* statusAt(other, there?.accessToken ?? Redacted.make(""))).toBe(401)
          yield* untilRefused(statusAt(url, there?.accessToken ?? Redacted.make("")))
          const after = decodePair((yield* visit({ ...beginning, at: other })).json)
          expect(yield* statusAt(url, after.accessToken)).toBe(200)
        }).pipe(Effect.provide(Layer.fresh(layerServerOver(layerStores(connection, folder), testConfig()))))
      })
    )

    it.effect("go on when the signing key is rotated, and end when it must not be used any more", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const rotate = (cookie: string, only: boolean) =>
          visit({ method: "POST", path: "/api/v1/keys/signing/rotation", cookie, body: { only } })
        const kidOf = (token: Redacted.Redacted) => decodeProtectedHeader(Redacted.value(token)).kid
        const before = yield* begin("operator")
        expect((yield* rotate(cookies.supervisor, false)).status).toBe(403)
        expect((yield* rotate(cookies.admin, false)).status).toBe(200)
        const after = decodePair((yield* refresh(before.refreshToken)).json)
        expect(kidOf(after.accessToken)).not.toBe(kidOf(before.accessToken))
        for (const { accessToken } of [before, after]) expect(yield* statusWith(accessToken)).toBe(200)
        const keys = ((yield* visit({ path: jwks })).json as JSONWebKeySet).keys.map(({ kid }) => kid)
        expect(keys).toEqual([kidOf(after.accessToken), kidOf(before.accessToken)])

        const drastic = yield* rotate(cookies.admin, true)
        expect((drastic.json as JSONWebKeySet).keys).toHaveLength(1)
        for (const { accessToken } of [before, after]) expect(yield* statusWith(accessToken)).toBe(401)
        const last = decodePair((yield* refresh(after.refreshToken)).json)
        expect(yield* statusWith(last.accessToken)).toBe(200)
      })
    )

    it.effect("are signed with a fresh key after 30 days, and those of the one before go on for an hour", () =>
      Effect.gen(function* () {
        const { connection, folder } = yield* EmbeddedDatabase
        const { visit } = yield* TestServer
        const { accessToken } = yield* begin("operator")
        const database = yield* Database
        const age = (interval: string) =>
          database.system("age", (sql) => sql.unsafe(`update signing_keys set created_at = created_at - interval '${interval}'`))
        /** What a node sees that has no keys in memory. */
        const seenByFresh = Effect.gen(function* () {
          const { url } = yield* ServerAddress
          const keys = ((yield* visit({ path: jwks, at: url })).json as JSONWebKeySet).keys.map(({ kid }) => kid)
          return { keys, status: (yield* visit({ path: session, headers: bearer(accessToken), at: url })).status }
        }).pipe(Effect.provide(Layer.fresh(layerServerOver(layerStores(connection, folder), testConfig()))))
        const { kid } = decodeProtectedHeader(Redacted.value(accessToken))
        yield* age("29 days")
        expect(yield* seenByFresh).toEqual({ keys: [kid], status: 200 })
        yield* age("2 days")
        expect(yield* seenByFresh).toEqual({ keys: [expect.not.stringMatching(kid ?? ""), kid], status: 200 })
        yield* age("2 hours")
        expect(yield* seenByFresh).toEqual({ keys: [expect.not.stringMatching(kid ?? "")], status: 401 })
      })
    )
  })
})

const decodeSessionsOf = Schema.decodeUnknownSync(Schema.Array(Schema.Struct({ id: Schema.UUID })))
