import { describe, expect, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import { chmod, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { temporaryFolder, vigil, vigilJson, vigilProcess } from "./Vigil.js"

describe("without a server", () => {
  layer(Layer.empty, { excludeTestServices: true })((it) => {
    it.scoped("says what to do, also where a killed one has left its file", () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const sentence = `vigil: no Vigil is running with the data folder ${folder}: start it with \`vigil up\`\n`
        expect(yield* vigil(["camera", "list", "--data", folder])).toMatchObject({ code: 1, stderr: sentence })
        const file = join(folder, "operator.json")
        yield* Effect.promise(() => writeFile(file, JSON.stringify({ url: "http://127.0.0.1:1", token: "x", version: "0" })))
        yield* Effect.promise(() => chmod(file, 0o600))
        const called = yield* vigil(["status", "--json"], { VIGIL_DATA: folder })
        expect({ ...called, stdout: called.stdout.toString() }).toEqual({ code: 1, stderr: sentence, stdout: "" })
      })
    )

    it.scoped("calls that are wrong end with 2 and say why in one line", () =>
      Effect.gen(function* () {
        const calls: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
          [["camera", "list", "--nonsense"], /--nonsense/],
          [["nonsense"], /there is no command `vigil nonsense`/],
          [["camera", "nonsense"], /there is no command `vigil camera nonsense`/],
          [["camera", "add", "Only a name"], /<source>/],
          [["camera", "edit"], /<camera>/],
          [["event", "list", "--since", "yesterday"], /--since/],
          [["demo", "--for", "ever"], /--for/],
          [["user", "add", "anna", "--role", "king"], /admin, supervisor/],
          [["camera", "list", "--url", "vigil.example"], /--url/]
        ]
        for (const [args, why] of calls) {
          const { code, stderr, stdout } = yield* vigil(args, { VIGIL_DATA: "/nonexistent" })
          expect(code, args.join(" ")).toBe(2)
          expect(stderr.trim(), args.join(" ")).toMatch(why)
          expect(stderr.trim().split("\n"), stderr).toHaveLength(1)
          expect(stdout.toString()).toBe("")
        }
        expect(yield* vigil(["up"], { VIGIL_PORT: "many", VIGIL_DATA: yield* temporaryFolder })).toMatchObject({
          code: 2,
          stderr: expect.stringMatching(/^vigil: VIGIL_PORT: /)
        })
      })
    )

    it.effect(
      "as a process: words on standard output or standard error, and the exit code",
      () =>
        Effect.gen(function* () {
          const calls = [["--version"], ["camera", "list", "--data", "/nonexistent"], ["camera", "nonsense"]]
          const ended = yield* Effect.forEach(calls, (words) => vigilProcess(words), { concurrency: 3 })
          expect(ended.map(({ code, stderr, stdout }) => [code, stdout.toString(), stderr])).toEqual([
            [0, "0.1.0\n", ""],
            [1, "", expect.stringMatching(/^vigil: no Vigil is running with [^\n]*\n$/)],
            [2, "", expect.stringMatching(/^vigil: there is no command `vigil camera nonsense`[^\n]*\n$/)]
          ])
        }),
      400_000
    )

    it.effect("explains every command, without colours where there is no terminal", () =>
      Effect.gen(function* () {
        expect((yield* vigil(["--version"])).stdout.toString()).toBe("0.1.0\n")
        const overview = (yield* vigil(["--help"])).stdout.toString()
        const groups = [...overview.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name = ""]) => name)
        expect(groups).toEqual(expect.arrayContaining(["demo", "up", "status", "camera", "event", "user", "doctor"]))
        for (const group of ["camera", "event", "demo"]) {
          const { code, stdout } = yield* vigil([group, "--help"])
          expect(code).toBe(0)
          expect(stdout.toString()).toMatch(new RegExp(`^Usage: vigil ${group} ?`))
          // oxlint-disable-next-line no-control-regex -- looks for escape sequences
          expect(stdout.toString()).not.toMatch(/\u001B/)
        }
        expect((yield* vigil(["camera", "add", "--help"])).stdout.toString()).toMatch(/--password-file file +A file that holds/)
        expect((yield* vigil(["--completions", "bash"])).stdout.toString()).toMatch(/vigil__camera,add\)/)
      })
    )

    it.scoped(
      "the doctor finds what is wrong",
      () =>
        Effect.gen(function* () {
          const folder = yield* temporaryFolder
          const sound = (yield* vigilJson(["doctor", "--data", folder])) as ReadonlyArray<{
            readonly check: string
            readonly status: string
          }>
          expect(sound.filter(({ status }) => status === "fail")).toEqual([])
          expect(sound.find(({ check }) => check === "decoder")).toMatchObject({ status: "pass" })
          expect(sound.find(({ check }) => check === "inference")).toMatchObject({ status: "pass" })
          const file = join(folder, "no-folder")
          yield* Effect.promise(() => writeFile(file, ""))
          const broken = yield* vigil(["doctor", "--data", join(file, "data")], {
            VIGIL_DATABASE_URL: "postgres://x:geheim@127.0.0.1:1/x"
          })
          expect(broken.code).toBe(1)
          expect(broken.stdout.toString()).toMatch(/^fail +database +VIGIL_DATABASE_URL: .*ECONNREFUSED/m)
          expect(broken.stdout.toString()).toMatch(/^fail +data folder/m)
          expect(broken.stdout.toString() + broken.stderr).not.toContain("geheim")
          expect(existsSync(join(folder, "models"))).toBe(false)
        }),
      400_000
    )
  })
})
