import { describe, expect, layer } from "@effect/vitest"
import { totpCode, totpStep } from "@vigil/api/auth/Totp"
import { Effect, Schema } from "effect"
import { chmod, copyFile, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Site } from "../Site.js"
import { temporaryFolder, vigil, vigilJson, vigilProcess } from "../Vigil.js"

const decodeListed = Schema.decodeUnknownSync(
  Schema.Array(
    Schema.Struct({ id: Schema.String, kind: Schema.String, current: Schema.Boolean, userAgent: Schema.NullOr(Schema.String) })
  )
)

/** A new administrator of the server, and her commands elsewhere. */
const administrator = (name: string) =>
  Effect.gen(function* () {
    const { call: operator, file, printed, url } = yield* Site
    const folder = yield* temporaryFolder
    const passwordFile = yield* file("password", "correct horse battery\n")
    yield* operator("user", "add", name, "--role", "admin", "--password-file", passwordFile)
    const profiles = join(folder, "profiles")
    const anna = (...args: ReadonlyArray<string>) => vigil(args, { VIGIL_PROFILES: profiles, HOME: folder })
    const annaJson = (...args: ReadonlyArray<string>) => vigilJson(args, { VIGIL_PROFILES: profiles, HOME: folder })
    const login = (...args: ReadonlyArray<string>) =>
      anna("login", url, "--username", name, "--password-file", passwordFile, ...args)
    return { folder, printed, url, operator, anna, annaJson, login, passwordFile, profiles }
  })

/** Makes the profile's access token look too old. */
const age = (file: string) =>
  Effect.promise(async () => {
    const profile: object = JSON.parse(await readFile(file, "utf8"))
    await writeFile(file, JSON.stringify({ ...profile, accessExpiresAt: "2020-01-01T00:00:00.000Z" }))
  })

describe("vigil login", () => {
  layer(Site.layer, { timeout: 300_000, excludeTestServices: true })((it) => {
    it.scoped(
      "makes a profile that all commands speak to, until vigil logout",
      () =>
        Effect.gen(function* () {
          const { anna, annaJson, login, operator, passwordFile, printed, profiles, url } = yield* administrator("anna")
          expect((yield* anna("whoami")).code).toBe(1)
          const nowhere = yield* anna("login", "http://127.0.0.1:1", "--username", "anna", "--password-file", passwordFile)
          expect(nowhere.stderr).toMatch(/^vigil: http:\/\/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/)
          const signedIn = yield* login("--profile", "home")
          expect(signedIn.stderr).toBe("")
          expect(signedIn.stdout.toString()).toBe(`Signed in at ${url} as anna (admin), in the profile home.\n`)
          const file = join(profiles, "home.json")
          expect((yield* Effect.promise(() => stat(file))).mode & 0o777).toBe(0o600)
          expect((yield* Effect.promise(() => stat(profiles))).mode & 0o777).toBe(0o700)
          const kept = JSON.parse(yield* Effect.promise(() => readFile(file, "utf8"))) as Record<string, string>

          expect((yield* anna("whoami")).stdout.toString()).toBe(`anna (admin) at ${url}, by the profile home\n`)
          expect(yield* annaJson("profile", "list")).toMatchObject([{ name: "home", url, username: "anna", current: true }])
          const added = yield* annaJson("camera", "add", "Gate", "rtsp://192.0.2.7/", "--no-probe")
          expect(added).toMatchObject({ name: "Gate" })
          for (const command of [
            ["camera", "list"],
            ["status"],
            ["user", "list"],
            ["audit", "list"],
            ["place", "list"],
            ["api-key", "list"]
          ]) {
            expect((yield* anna(...command)).code, command.join(" ")).toBe(0)
          }
          expect((yield* anna("profile", "use", "local")).code).toBe(0)
          expect((yield* anna("camera", "list")).stderr).toMatch(/no Vigil is running/)
          expect((yield* anna("camera", "list", "--profile", "home")).code).toBe(0)
          expect((yield* anna("camera", "list", "--profile", "away")).stderr).toMatch(/there is no profile away/)
          expect((yield* anna("camera", "list", "--profile", "home", "--url", url)).code).toBe(2)
          expect((yield* anna("profile", "use", "home")).code).toBe(0)

          const sessions = decodeListed(yield* annaJson("session", "list"))
          expect(sessions.filter(({ current }) => current)).toMatchObject([
            { kind: "token", userAgent: expect.stringMatching(/^vigil\//) }
          ])
          expect((yield* operator("session", "list", "--user", "anna")).stdout.toString()).toContain(sessions[0]?.id)

          yield* Effect.promise(() => chmod(file, 0o644))
          expect((yield* anna("camera", "list")).stderr).toMatch(/others may read .*home\.json/)
          yield* Effect.promise(() => chmod(file, 0o600))

          expect((yield* anna("logout")).stdout.toString()).toBe("Signed out; the profile home is gone.\n")
          expect(decodeListed(yield* vigilJsonOf(operator("session", "list", "--user", "anna", "--json")))).toEqual([])
          const late = yield* vigil(["camera", "list", "--url", url], { VIGIL_TOKEN: kept["accessToken"] ?? "" })
          expect(late.stderr).toMatch(/does not accept VIGIL_TOKEN/)
          expect((yield* anna("whoami")).code).toBe(1)
          for (const token of ["accessToken", "refreshToken"]) expect(printed().stderr).not.toContain(kept[token])
        }),
      400_000
    )

    it.scoped(
      "exchanges its tokens once for many commands, and tells when its session was ended",
      () =>
        Effect.gen(function* () {
          const { anna, annaJson, login, operator, profiles } = yield* administrator("berta")
          yield* login("--profile", "home")
          const file = join(profiles, "home.json")
          yield* age(file)
          const stolen = `${file}.stolen`
          yield* Effect.promise(() => copyFile(file, stolen))
          const many = yield* Effect.all(
            Array.from({ length: 4 }, () => vigilProcess(["whoami"], { VIGIL_PROFILES: profiles })),
            { concurrency: "unbounded" }
          )
          expect(many.map(({ code, stderr }) => [code, stderr])).toEqual(many.map(() => [0, ""]))
          expect(decodeListed(yield* annaJson("session", "list"))).toHaveLength(1)

          // Whoever has copied the file exchanges its token too, and the session ends for both.
          yield* Effect.promise(() => copyFile(stolen, join(profiles, "thief.json")))
          const thief = yield* anna("camera", "list", "--profile", "thief")
          expect([thief.code, thief.stderr]).toEqual([
            1,
            expect.stringMatching(/was used before.*vigil login .* --profile thief/)
          ])
          const owner = yield* anna("camera", "list")
          expect([owner.code, owner.stderr]).toEqual([1, expect.stringMatching(/does not accept the profile home/)])

          yield* login("--profile", "home")
          expect((yield* anna("camera", "list")).code).toBe(0)
          expect((yield* operator("session", "revoke", "all", "--user", "berta")).code).toBe(0)
          expect((yield* anna("camera", "list")).code).toBe(1)
        }),
      400_000
    )

    it.scoped(
      "asks for a code where the user has a second factor",
      () =>
        Effect.gen(function* () {
          const { anna, annaJson, folder, login, operator, passwordFile } = yield* administrator("clara")
          yield* login()
          expect((yield* anna("second-factor", "status")).stdout.toString()).toMatch(/^You have no second factor\./)
          const { secret } = (yield* annaJson("second-factor", "enable", "--password-file", passwordFile)) as {
            readonly secret: string
          }
          const codeFile = join(folder, "code")
          const giveCode = (offset: number) =>
            Effect.promise(() => writeFile(codeFile, `${totpCode(secret, totpStep(Date.now()) + offset)}\n`))
          yield* giveCode(0)
          const confirmed = yield* anna("second-factor", "confirm", "--code-file", codeFile)
          const codes = confirmed.stdout.toString().trim().split("\n")
          expect(codes).toHaveLength(10)

          const without = yield* login()
          expect([without.code, without.stderr]).toEqual([
            2,
            "vigil: a code of the authenticator app is needed too: take --code-file\n"
          ])
          const repeated = yield* login("--code-file", codeFile)
          expect([repeated.code, repeated.stderr]).toEqual([1, expect.stringMatching(/code is wrong/)])
          yield* giveCode(1)
          expect((yield* login("--code-file", codeFile)).code).toBe(0)
          yield* Effect.promise(() => writeFile(codeFile, codes[0] ?? ""))
          expect((yield* login("--code-file", codeFile)).code).toBe(0)
          expect((yield* anna("second-factor", "status")).stdout.toString()).toMatch(/ 9 recovery codes are left/)

          expect((yield* anna("second-factor", "policy", "--of-everybody", "required")).code).toBe(0)
          yield* operator("user", "add", "bert", "--role", "viewer", "--password-file", passwordFile)
          const bert = (...args: ReadonlyArray<string>) => vigil(args, { VIGIL_PROFILES: join(folder, "bert") })
          const url = ((yield* annaJson("whoami")) as { readonly url: string }).url
          expect((yield* bert("login", url, "--username", "bert", "--password-file", passwordFile)).code).toBe(0)
          expect((yield* bert("camera", "list")).stderr).toMatch(/vigil second-factor enable/)
          expect((yield* bert("second-factor", "status")).stdout.toString()).toMatch(/Everybody here has to have one/)
          expect((yield* operator("second-factor", "reset", "clara")).code).toBe(0)
          const refused = yield* operator("second-factor", "enable", "--password-file", passwordFile)
          expect(refused.stderr).toMatch(/operator of the machine/)
        }),
      400_000
    )
  })
})

const vigilJsonOf = (called: ReturnType<typeof vigil>) =>
  Effect.map(called, ({ stdout }): unknown => JSON.parse(stdout.toString()))
