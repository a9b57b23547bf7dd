import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { firstLine, runningVigil, temporaryFolder, vigil, vigilJson } from "../Vigil.js"

describe("vigil api-key", () => {
  it.scopedLive(
    "makes a key once, which lets commands in from elsewhere within its scope, until it is revoked",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const environment = { VIGIL_DATA: join(folder, "data") }
        const call = (...args: ReadonlyArray<string>) => vigil(args, environment)
        const server = yield* runningVigil(["up", "--json"], environment)
        const { url } = (yield* firstLine(server)) as { readonly url: string }
        const passwordFile = join(folder, "password")
        yield* Effect.promise(() => writeFile(passwordFile, "correct horse battery\n"))
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
        const [{ id }] = (yield* vigilJson(["api-key", "list"], environment)) as [{ readonly id: string }]
        expect((yield* call("api-key", "revoke", id)).code).toBe(0)
        yield* Effect.repeat(elsewhere("camera", "list"), { until: ({ code }) => code === 1, times: 10 })
        expect((yield* elsewhere("camera", "list")).stderr).toMatch(/does not accept VIGIL_TOKEN/)
        expect(server.printed().stderr).not.toContain(key.slice(8))
      }),
    120_000
  )
})
