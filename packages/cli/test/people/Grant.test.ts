import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { firstLine, runningVigil, temporaryFolder, vigil, vigilJson } from "../Vigil.js"

describe("vigil user grant", () => {
  it.scopedLive(
    "limits a user, and that user's keys, to places and groups, until it is cleared",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const environment = { VIGIL_DATA: join(folder, "data") }
        const call = (...args: ReadonlyArray<string>) => vigil(args, environment)
        const server = yield* runningVigil(["up", "--json"], environment)
        const { url } = (yield* firstLine(server)) as { readonly url: string }
        const passwordFile = join(folder, "password")
        yield* Effect.promise(() => writeFile(passwordFile, "correct horse battery\n"))
        yield* call("user", "add", "bert", "--role", "viewer", "--password-file", passwordFile)
        yield* call("place", "add", "North")
        const camera = (name: string, ...more: ReadonlyArray<string>) =>
          call("camera", "add", name, "rtsp://192.0.2.7/", "--no-probe", "--disabled", ...more)
        expect((yield* camera("Gate")).code).toBe(0)
        expect((yield* camera("Yard")).code).toBe(0)
        expect((yield* call("camera", "move", "Gate", "--place", "North")).code).toBe(0)

        const { stdout } = yield* call("api-key", "create", "wall", "--user", "bert")
        const key = stdout.toString().trim()
        const seen = Effect.map(vigil(["camera", "list", "--json", "--url", url], { VIGIL_TOKEN: key }), ({ stdout: printed }) =>
          (JSON.parse(printed.toString()) as ReadonlyArray<{ readonly name: string }>).map(({ name }) => name)
        )

        const limited = yield* call("user", "grant", "add", "bert", "--place", "North")
        expect(limited.stdout.toString()).toMatch(/^LIMITED TO +NAME\nplace +North\n$/)
        expect(yield* seen).toEqual(["Gate"])
        yield* call("user", "grant", "add", "bert", "--group", "doors")
        yield* call("user", "grant", "remove", "bert", "--place", "North")
        expect(yield* vigilJson(["user", "grant", "list", "bert"], environment)).toMatchObject({
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
    120_000
  )
})
