import { describe, expect, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import { chmod, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
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

    it.scoped("tells a server of another version from none", () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        // As an older one answers: without a field, and without a call, that are known here.
        const older = createServer((request, response) => {
          const path = request.url ?? ""
          if (path.startsWith("/api/v1/health")) {
            response.writeHead(200, { "content-type": "application/health+json" }).end('{"status":"pass"}')
          } else if (path === "/api/v1/session") response.writeHead(200, { "content-type": "application/json" }).end(me)
          else {
            const problem = {
              type: "urn:vigil:problem:no-route",
              title: "Not found",
              status: 404,
              detail: "There is nothing here."
            }
            response.writeHead(404, { "content-type": "application/problem+json" }).end(JSON.stringify(problem))
          }
        })
        let me = "{}"
        yield* Effect.acquireRelease(
          Effect.async<void>((resume) => void older.listen(0, "127.0.0.1", () => resume(Effect.void))),
          () => Effect.sync(() => older.close())
        )
        const address = older.address()
        if (address === null || typeof address === "string") return expect.fail("it has no port")
        const file = join(folder, "operator.json")
        const told = (version: string) =>
          Effect.promise(async () => {
            await writeFile(file, JSON.stringify({ url: `http://127.0.0.1:${address.port}`, token: "x", version }))
            await chmod(file, 0o600)
            return version
          })
        const list = vigil(["place", "list", "--data", folder])
        yield* told("0.0.9")
        const sentence =
          /is 0\.0\.9 and vigil is 0\.1\.0 here: they do not understand each other; restart it as 0\.1\.0, or use vigil 0\.0\.9\n$/
        expect(yield* list).toMatchObject({ code: 1, stderr: expect.stringMatching(sentence) })
        me = JSON.stringify({
          id: crypto.randomUUID(),
          tenantId: crypto.randomUUID(),
          username: "operator",
          role: "admin",
          disabled: false,
          createdAt: "2026-01-01T00:00:00.000Z"
        })
        expect(yield* list).toMatchObject({ code: 1, stderr: expect.stringMatching(sentence) })
        // Of the same version it is no Vigil at all.
        me = "{}"
        yield* told("0.1.0")
        expect(yield* list).toMatchObject({ code: 1, stderr: expect.stringContaining("no Vigil is running") })
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
