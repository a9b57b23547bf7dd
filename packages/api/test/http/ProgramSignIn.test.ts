import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { Effect, Schema } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { layerTestServer, TestServer } from "./TestServer.js"

const decodeCode = Schema.decodeUnknownSync(Schema.Struct({ code: Schema.String }))
const decodePair = Schema.decodeUnknownSync(
  Schema.Struct({ accessToken: Schema.String, refreshToken: Schema.String, user: Schema.Struct({ username: Schema.String }) })
)

const secret = () => {
  const verifier = randomBytes(32).toString("base64url")
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") }
}

const allow = (headers: Record<string, string>, challenge: string) =>
  Effect.flatMap(TestServer, ({ visit }) =>
    visit({ method: "POST", path: "/api/v1/session/programs", headers, body: { challenge } })
  )

const exchange = (code: string, verifier: string) =>
  Effect.flatMap(TestServer, ({ visit }) => visit({ method: "POST", path: "/api/v1/tokens/exchange", body: { code, verifier } }))

describe("programs that are let in from a browser", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("get tokens of their own, once, with the secret that the code is for", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { challenge, verifier } = secret()
        const cookie = { cookie: cookies.operator }
        const code = Effect.map(allow(cookie, challenge), ({ json }) => decodeCode(json).code)

        const stolen = yield* code
        expect((yield* exchange(stolen, secret().verifier)).status).toBe(401)
        // It was tried: it is no good to the program either.
        expect((yield* exchange(stolen, verifier)).status).toBe(401)

        const good = yield* code
        const answers = yield* Effect.all([exchange(good, verifier), exchange(good, verifier)], { concurrency: 2 })
        expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 401])
        const pair = decodePair(answers.find(({ status }) => status === 201)?.json)
        expect(pair.user.username).toBe("operator")
        const authorization = `Bearer ${pair.accessToken}`
        expect((yield* visit({ path: "/api/v1/session", headers: { authorization } })).status).toBe(200)

        // A program lets no program in, nor does the operator of the machine, nor anybody else.
        const byProgram = yield* allow({ authorization }, challenge)
        expect([byProgram.status, byProgram.json]).toMatchObject([401, { detail: expect.stringContaining("in a browser") }])
        expect((yield* allow({}, challenge)).status).toBe(401)
        expect((yield* allow(cookie, "short")).status).toBe(400)
      })
    )

    it.effect("come in time, and while the session lives", () =>
      Effect.gen(function* () {
        const { signIn, visit } = yield* TestServer
        const { challenge, verifier } = secret()
        const database = yield* Database
        const cookie = yield* signIn("viewer")
        const code = Effect.map(allow({ cookie }, challenge), ({ json }) => decodeCode(json).code)
        const late = yield* code
        yield* database.system("age", (sql) => sql`update program_codes set expires_at = now() - interval '1 s'`)
        expect((yield* exchange(late, verifier)).status).toBe(401)
        const orphan = yield* code
        yield* visit({ method: "DELETE", path: "/api/v1/session", cookie })
        expect((yield* exchange(orphan, verifier)).status).toBe(401)
        expect(yield* database.system("look", (sql) => sql`select 1 from program_codes`)).toEqual([])
      })
    )

    it.effect("stay no longer than whoever came through an identity provider", () =>
      Effect.gen(function* () {
        const { cookies, signIn, visit } = yield* TestServer
        const body = { slug: "lab", name: "Laboratory", issuer: "https://id.example", clientId: "vigil" }
        yield* visit({ method: "POST", path: "/api/v1/identity-providers", cookie: cookies.admin, body })
        const { challenge, verifier } = secret()
        const cookie = yield* signIn("supervisor")
        const database = yield* Database
        const ofProgram = database.system(
          "look",
          (sql) => sql<{ readonly hours: number }>`select extract(epoch from expires_at - created_at)::float8 / 3600 as hours
            from sessions where kind = 'token' and provider_id is not null`
        )
        yield* database.system(
          "as if",
          (sql) => sql`update sessions set provider_id = (select id from identity_providers)
            where user_id = (select id from users where username = 'supervisor')`
        )
        const { code } = decodeCode((yield* allow({ cookie }, challenge)).json)
        const { refreshToken } = decodePair((yield* exchange(code, verifier)).json)
        expect((yield* ofProgram)[0]?.hours).toBeCloseTo(12, 2)
        const refreshed = yield* visit({ method: "POST", path: "/api/v1/tokens/refresh", body: { refreshToken } })
        expect(refreshed.status).toBe(200)
        expect((yield* ofProgram)[0]?.hours).toBeCloseTo(12, 2)
      })
    )
  })
})
