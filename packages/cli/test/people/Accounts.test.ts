import { describe, expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Site } from "../Site.js"
import { until, vigil } from "../Vigil.js"

describe("accounts", () => {
  layer(Site.layer, { timeout: 300_000, excludeTestServices: true })((it) => {
    it.effect(
      "vigil api-key makes a key once, which lets commands in from elsewhere within its scope, until it is revoked",
      () =>
        Effect.gen(function* () {
          const { call, file, json, printed, url } = yield* Site
          const passwordFile = yield* file("password", "correct horse battery\n")
          yield* call("user", "add", "anna", "--role", "admin", "--password-file", passwordFile)

          expect((yield* call("api-key", "create", "wall")).code).toBe(2)
          const made = yield* call("api-key", "create", "wall", "--user", "ANNA", "--expires", "90d")
          const key = made.stdout.toString().trim()
          expect(key).toMatch(/^vgl_[A-Za-z0-9_-]{43}$/)
          expect(made.stderr).toMatch(/^The API key wall \([0-9a-f-]{36}\) of anna\. It is not told again\.\n$/)

          const elsewhere = (...args: ReadonlyArray<string>) => vigil([...args, "--url", url], { VIGIL_TOKEN: key })
          expect((yield* elsewhere("camera", "list", "--json")).stdout.toString()).toBe("[]\n")
          const refused = yield* elsewhere("camera", "add", "Gate", "rtsp://192.0.2.7/", "--no-probe")
          expect(refused.code).toBe(1)
          expect(refused.stderr).toBe("vigil: this needs an API key with the scope configure\n")
          expect((yield* elsewhere("user", "list")).stderr).toMatch(/cannot be done with an API key/)

          const listed = yield* call("api-key", "list")
          expect(listed.stdout.toString()).toMatch(new RegExp(`wall +anna +read +${key.slice(0, 8)}…`))
          expect(listed.stdout.toString()).not.toContain(key)
          const [{ id }] = (yield* json("api-key", "list")) as [{ readonly id: string }]
          expect((yield* call("api-key", "revoke", id)).code).toBe(0)
          const late = yield* until("it counts no more", elsewhere("camera", "list"), ({ code }) => code === 1)
          expect(late.stderr).toMatch(/does not accept VIGIL_TOKEN/)
          expect(printed().stderr).not.toContain(key.slice(8))
        }),
      400_000
    )

    it.effect(
      "vigil user grant limits a user, and that user's keys, to places and groups, until it is cleared",
      () =>
        Effect.gen(function* () {
          const { call, file, json, url } = yield* Site
          const passwordFile = yield* file("password", "correct horse battery\n")
          yield* call("user", "add", "bert", "--role", "viewer", "--password-file", passwordFile)
          yield* call("place", "add", "North")
          const camera = (name: string, ...more: ReadonlyArray<string>) =>
            call("camera", "add", name, "rtsp://192.0.2.7/", "--no-probe", "--disabled", ...more)
          expect((yield* camera("Gate")).code).toBe(0)
          expect((yield* camera("Yard")).code).toBe(0)
          expect((yield* call("camera", "move", "Gate", "--place", "North")).code).toBe(0)

          const { stdout } = yield* call("api-key", "create", "wall", "--user", "bert")
          const key = stdout.toString().trim()
          const seen = Effect.map(
            vigil(["camera", "list", "--json", "--url", url], { VIGIL_TOKEN: key }),
            ({ stdout: printed }) =>
              (JSON.parse(printed.toString()) as ReadonlyArray<{ readonly name: string }>).map(({ name }) => name)
          )

          const limited = yield* call("user", "grant", "add", "bert", "--place", "North")
          expect(limited.stdout.toString()).toMatch(/^LIMITED TO +NAME\nplace +North\n$/)
          expect(yield* seen).toEqual(["Gate"])
          yield* call("user", "grant", "add", "bert", "--group", "doors")
          yield* call("user", "grant", "remove", "bert", "--place", "North")
          expect(yield* json("user", "grant", "list", "bert")).toMatchObject({
            username: "bert",
            places: [],
            groups: ["doors"],
            limited: true
          })
          expect(yield* seen).toEqual([])

          const last = yield* call("user", "grant", "remove", "bert", "--group", "doors")
          expect(last.code).toBe(1)
          expect(last.stderr).toMatch(/bert would see everything: if that is meant, `vigil user grant clear bert`/)
          expect((yield* call("user", "grant", "add", "bert")).code).toBe(2)
          expect((yield* call("user", "grant", "clear", "bert")).stdout.toString()).toBe(
            "bert is not limited: all cameras are in reach.\n"
          )
          expect(yield* seen).toEqual(["Gate", "Yard"])
        }),
      400_000
    )

    it.effect(
      "accounts, rules for passwords, and identity providers are managed by commands; what locks an account is released by one",
      () =>
        Effect.gen(function* () {
          const { file, json, url, ...site } = yield* Site
          const call = (...args: ReadonlyArray<string>) =>
            Effect.map(site.call(...args), ({ code, stderr, stdout }) => ({ code, stderr, text: stdout.toString() }))
          const passwordFile = yield* file("password", "correct horse battery\n")
          yield* call("user", "add", "ida", "--role", "admin", "--password-file", passwordFile)

          const profile = yield* call("user", "profile", "IDA", "--display-name", "Ida I.", "--email", "ida@example.org")
          expect(profile.text).toMatch(/^person +Ida I\.$/m)
          expect(yield* json("user", "profile", "ida", "--display-name", "-")).toMatchObject({
            displayName: null,
            email: "ida@example.org"
          })
          expect((yield* call("user", "profile", "ida")).code).toBe(2)
          expect((yield* call("user", "profile", "ida", "--email", "nobody")).code).toBe(2)

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
              const body = JSON.stringify({ username: "ida", password })
              const headers = { "content-type": "application/json" }
              return (await fetch(`${url}/api/v1/session`, { method: "POST", headers, body })).status
            })
          yield* Effect.forEach(["one", "two", "three"], attempt)
          expect(yield* attempt("correct horse battery")).toBe(401)
          expect((yield* call("user", "show", "ida")).text).toMatch(/^locked +until it is released$/m)
          expect((yield* call("user", "release", "ida")).text).toBe("ida is not locked.\n")
          expect(yield* attempt("correct horse battery")).toBe(200)

          const clientSecret = yield* file("client", "the secret of the client\n")
          const provider = ["--name", "Head office", "--issuer", "https://127.0.0.1:9/realms/staff", "--client-id", "vigil"]
          const role = ["--role", "cn=cctv=admin", "--role-claim", "realm_access.roles"]
          const add = ["identity-provider", "add", "office", ...provider, ...role, "--client-secret-file", clientSecret]
          expect(yield* json(...add)).toMatchObject({
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

          const printed = JSON.stringify([site.printed(), yield* call("audit", "list", "--json")])
          expect(printed).toContain("identity-provider.create")
          expect(printed).not.toContain("the secret of the client")
          expect((yield* call("account", "show")).stderr).toContain("there is no user")
        }),
      400_000
    )
  })
})
