import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { firstLine, runningVigil, temporaryFolder, vigil, vigilJson } from "../Vigil.js"

describe("accounts, rules for passwords, identity providers", () => {
  it.scopedLive(
    "are managed by commands; what locks an account is released by one",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const environment = { VIGIL_DATA: join(folder, "data") }
        const call = (...args: ReadonlyArray<string>) =>
          Effect.map(vigil(args, environment), ({ code, stderr, stdout }) => ({ code, stderr, text: stdout.toString() }))
        const server = yield* runningVigil(["up", "--json"], environment)
        const { url } = (yield* firstLine(server)) as { readonly url: string }
        const secret = (name: string, text: string) => {
          const file = join(folder, name)
          return Effect.as(
            Effect.promise(() => writeFile(file, `${text}\n`)),
            file
          )
        }
        const passwordFile = yield* secret("password", "correct horse battery")
        yield* call("user", "add", "anna", "--role", "admin", "--password-file", passwordFile)

        const profile = yield* call("user", "profile", "ANNA", "--display-name", "Anna A.", "--email", "anna@example.org")
        expect(profile.text).toMatch(/^person +Anna A\.$/m)
        expect(yield* vigilJson(["user", "profile", "anna", "--display-name", "-"], environment)).toMatchObject({
          displayName: null,
          email: "anna@example.org"
        })
        expect((yield* call("user", "profile", "anna")).code).toBe(2)
        expect((yield* call("user", "profile", "anna", "--email", "nobody")).code).toBe(2)

        expect((yield* call("password-policy", "show")).text).toContain("at least 12 characters")
        const set = yield* call(
          "password-policy",
          "set",
          "--lock-after",
          "3",
          "--lock-minutes",
          "until-released",
          "--remember",
          "2"
        )
        expect(set.text).toContain("is locked until an administrator releases it after 3 wrong passwords in a row.")
        expect((yield* call("password-policy", "set", "--shortest", "4")).code).toBe(2)
        expect((yield* call("password-policy", "set", "--lock-after", "seldom")).code).toBe(2)

        const attempt = (password: string) =>
          Effect.promise(async () => {
            const body = JSON.stringify({ username: "anna", password })
            const headers = { "content-type": "application/json" }
            return (await fetch(`${url}/api/v1/session`, { method: "POST", headers, body })).status
          })
        yield* Effect.forEach(["one", "two", "three"], attempt)
        expect(yield* attempt("correct horse battery")).toBe(401)
        expect((yield* call("user", "show", "anna")).text).toMatch(/^locked +until it is released$/m)
        expect((yield* call("user", "release", "anna")).text).toBe("anna is not locked.\n")
        expect(yield* attempt("correct horse battery")).toBe(200)

        const clientSecret = yield* secret("client", "the secret of the client")
        const provider = ["--name", "Head office", "--issuer", "https://127.0.0.1:9/realms/staff", "--client-id", "vigil"]
        const role = ["--role", "cn=cctv=admin", "--role-claim", "realm_access.roles"]
        const add = ["identity-provider", "add", "office", ...provider, ...role, "--client-secret-file", clientSecret]
        expect(yield* vigilJson(add, environment)).toMatchObject({
          roles: [{ value: "cn=cctv", role: "admin" }],
          roleClaim: "realm_access.roles",
          createUsers: true,
          hasClientSecret: true
        })
        expect((yield* call(...add)).stderr).toContain("the name office is another identity provider's")
        const unencrypted = ["--name", "X", "--issuer", "http://id.example", "--client-id", "x"]
        expect((yield* call("identity-provider", "add", "plain", ...unencrypted)).stderr).toContain("https://")
        const changed = yield* call("identity-provider", "change", "office", "--listed", "no", "--default-role", "viewer")
        expect(changed.text).toBe("Head office is changed.\n")
        const listed = yield* call("identity-provider", "list")
        expect(listed.text).toMatch(
          /office +Head office +https:\/\/127\.0\.0\.1:9\/realms\/staff +vigil +cn=cctv=admin +unlisted/
        )
        const check = yield* call("identity-provider", "check", "office")
        expect([check.code, check.stderr]).toEqual([1, expect.stringContaining("the identity provider https://127.0.0.1:9")])
        expect((yield* call("identity-provider", "remove", "office")).code).toBe(0)
        expect((yield* call("identity-provider", "remove", "office")).stderr).toContain("there is no identity provider office")

        const printed = JSON.stringify([server.printed(), yield* call("audit", "list", "--json")])
        expect(printed).toContain("identity-provider.create")
        expect(printed).not.toContain("the secret of the client")
        expect((yield* call("account", "show")).stderr).toContain("there is no user")
      }),
    120_000
  )
})
