import { expect } from "@effect/vitest"
import { Account } from "@vigil/core/Account"
import { Context, Effect, Layer, Option, Schedule, Schema } from "effect"
import { mailPeer, mailTo } from "../mail/MailPeer.js"
import { layerTestServer, password, testConfig, TestServer } from "./TestServer.js"

export class Mails extends Context.Tag("test/Mails")<Mails, Effect.Effect.Success<ReturnType<typeof mailPeer>>>() {}

export const layerMailed = Layer.unwrapScoped(
  Effect.map(mailPeer(), (peer) => {
    return layerTestServer(
      testConfig({ mail: Option.some(mailTo(peer)), publicUrl: Option.some(new URL("http://vigil.example:8480")) })
    ).pipe(Layer.merge(Layer.succeed(Mails, peer)))
  })
)

const decodeAccounts = Schema.decodeUnknownSync(Schema.Array(Account))
export const session = "/api/v1/session"

export const accountNamed = (name: string) =>
  Effect.gen(function* () {
    const { cookies, visit } = yield* TestServer
    const accounts = decodeAccounts((yield* visit({ path: "/api/v1/accounts", cookie: cookies.admin })).json)
    const found = accounts.find(({ username }) => username === name)
    if (found === undefined) throw new Error(`no account ${name}`)
    return found
  })

export const newUser = (username: string, profile: object = {}) =>
  Effect.gen(function* () {
    const { cookies, visit } = yield* TestServer
    yield* visit({ method: "POST", path: "/api/v1/users", cookie: cookies.admin, body: { username, role: "viewer", password } })
    const { id } = yield* accountNamed(username)
    const changed = yield* visit({ method: "PATCH", path: `/api/v1/accounts/${id}`, cookie: cookies.admin, body: profile })
    expect(changed.status, changed.text).toBe(200)
    return id
  })

/** From an address of its own each time, so that no address has to wait. */
let visitors = 0
export const attempt = (username: string, pass: string) =>
  Effect.flatMap(TestServer, ({ visit }) =>
    visit({
      method: "POST",
      path: session,
      body: { username, password: pass },
      headers: { "x-forwarded-for": `192.0.2.${++visitors % 250}` }
    })
  )

export const policyOf = (policy: object) =>
  Effect.gen(function* () {
    const { cookies, visit } = yield* TestServer
    const path = "/api/v1/password-policy"
    const { json } = yield* visit({ path, cookie: cookies.viewer })
    return yield* visit({ method: "PUT", path, cookie: cookies.admin, body: { ...Object(json), ...policy } })
  })

export const mailsTo = (address: string, count: number) =>
  Effect.gen(function* () {
    const { mails } = yield* Mails
    const found = () => mails.filter(({ to }) => to.includes(address))
    yield* Effect.repeat(Effect.sync(found), {
      until: ({ length }) => length >= count,
      schedule: Schedule.spaced("20 millis")
    }).pipe(Effect.timeout("60 seconds"))
    return found()
  })

export const ask = (nameOrAddress: string) =>
  Effect.flatMap(TestServer, ({ visit }) =>
    visit({ method: "POST", path: "/api/v1/password-reset", body: { nameOrAddress }, headers: { host: "evil.example" } })
  )

export const linkIn = (text: string): string => /^http:\/\/vigil\.example:8480\/new-password#([\w-]{43})$/m.exec(text)?.[1] ?? ""

export const reset = (token: string, next: string) =>
  Effect.flatMap(TestServer, ({ visit }) =>
    visit({ method: "PUT", path: "/api/v1/password-reset", body: { token, password: next } })
  )
