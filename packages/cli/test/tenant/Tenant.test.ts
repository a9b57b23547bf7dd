import { describe, expect, it } from "@effect/vitest"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { Effect, Schedule, Schema } from "effect"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { firstLine, runningVigil, temporaryFolder, vigil, vigilJson } from "../Vigil.js"

const OperatorFile = Schema.parseJson(Schema.Struct({ url: Schema.String, token: Schema.String }))

describe("vigil tenant", () => {
  it.scopedLive(
    "adds, licenses, renames, suspends and removes tenants",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const environment = { VIGIL_DATA: join(folder, "data") }
        const call = (...args: ReadonlyArray<string>) => vigil(["tenant", ...args], environment)
        const told = (...args: ReadonlyArray<string>) =>
          Effect.map(call(...args), ({ code, stderr, stdout }) => {
            expect(code, stderr).toBe(0)
            return stdout.toString()
          })
        const refused = (...args: ReadonlyArray<string>) => Effect.map(call(...args), ({ code, stderr }) => ({ code, stderr }))
        const server = yield* runningVigil(["up", "--json"], environment)
        yield* firstLine(server)
        const passwordFile = join(folder, "password")
        yield* Effect.promise(() => writeFile(passwordFile, "correct horse battery\n"))

        const admin = ["--admin", "zoe", "--password-file", passwordFile]
        expect(yield* told("add", "Acme Ltd", ...admin, "--cameras", "1", "--until", "2999-12-31")).toBe(
          "The tenant Acme Ltd is added, with zoe as its administrator.\n"
        )
        expect((yield* refused("add", "acme ltd", "--admin", "yan", "--password-file", passwordFile)).stderr).toBe(
          "vigil: there is a tenant named acme ltd already\n"
        )
        expect((yield* refused("add", "Other", ...admin, "--cameras", "many")).code).toBe(2)
        expect((yield* refused("licence", "Acme Ltd", "--until", "2999-02-30")).stderr).toContain("--until takes a date")
        expect(yield* told("list")).toMatch(/NAME +STATE +LICENCE .*\nAcme Ltd +active +valid +0 +1 .*\ndefault +active +valid /)
        expect(yield* told("licence", "acme ltd")).toMatch(
          /STATUS +CAMERAS +FROM +UNTIL +MODELS\nvalid +0 of 1 +ever +2999-12-31T00:00:00.000Z +all\n/
        )
        expect(yield* told("licence", "Acme Ltd", "--until", "2000-01-01", "--models", "yolox-nano,yolox-s")).toMatch(
          /\nexpired +0 of 1 +ever +2000-01-01.* +yolox-nano,yolox-s\nthe licence ended on 2000-01-01: /
        )
        expect(yield* vigilJson(["tenant", "licence", "Acme Ltd", "--until", "none", "--models", "none"], environment)).toEqual({
          licence: { cameras: 1, validFrom: null, validUntil: null, models: null },
          status: "valid",
          enabledCameras: 0,
          warning: null
        })
        expect(yield* told("rename", "Acme Ltd", "Acme")).toBe("Acme Ltd is named Acme now.\n")
        expect((yield* refused("remove", "Acme")).stderr).toMatch(/^vigil: Acme is in use: suspend it first/)
        expect(yield* told("suspend", "Acme")).toMatch(/^Acme is suspended/)
        expect(yield* told("list")).toMatch(/\nAcme +suspended /)
        expect(yield* told("resume", "Acme")).toBe("Acme goes on.\n")
        yield* told("suspend", "Acme")
        expect(yield* told("remove", "Acme")).toMatch(/^Acme is removed/)
        expect((yield* refused("licence", "Acme")).stderr).toMatch(/^vigil: there is no tenant Acme: /)
        expect(yield* vigilJson(["tenant", "list"], environment)).toMatchObject([
          { name: "default", suspended: false, licence: "valid" }
        ])
        const trail = yield* vigil(["audit", "list"], environment)
        expect(trail.stdout.toString()).toMatch(/operator .*tenant\.remove/)
      }),
    180_000
  )

  it.scopedLive(
    "stops the cameras of a tenant that is suspended, and starts them when it is resumed",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const environment = { VIGIL_DATA: join(folder, "data") }
        const { video } = yield* sceneFile(street)
        const simulated = yield* startCameras({ files: [video] })
        yield* Effect.flatMap(runningVigil(["up", "--json"], environment), firstLine)
        const { token, url } = yield* Effect.flatMap(
          Effect.promise(() => readFile(join(environment.VIGIL_DATA, "operator.json"), "utf8")),
          Schema.decode(OperatorFile)
        )
        const passwordFile = join(folder, "password")
        yield* Effect.promise(() => writeFile(passwordFile, "correct horse battery\n"))
        yield* vigil(["tenant", "add", "Acme", "--admin", "zoe", "--password-file", passwordFile, "--cameras", "1"], environment)

        const post = (path: string, body: unknown, cookie: string) =>
          Effect.promise(() =>
            fetch(`${url}/api/v1${path}`, {
              method: "POST",
              headers: { "content-type": "application/json", cookie },
              body: JSON.stringify(body)
            })
          )
        const signedIn = yield* post("/session", { username: "zoe", password: "correct horse battery" }, "")
        const cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? ""
        const camera = { name: "Gate", url: simulated.urls[0], transport: "tcp", analytics: [] }
        expect((yield* post("/cameras", camera, cookie)).status).toBe(201)
        expect((yield* post("/cameras", camera, cookie)).status).toBe(403)

        const health = Effect.promise(async () => {
          const response = await fetch(`${url}/health/detailed`, { headers: { authorization: `Bearer ${token}` } })
          return response.text()
        })
        const becomes = (text: string) =>
          Effect.filterOrFail(
            health,
            (told) => told.includes(text),
            (told) => new Error(`not ${text}: ${told}`)
          ).pipe(Effect.retry({ schedule: Schedule.spaced("250 millis"), times: 120 }))
        yield* becomes("1 of 1 are streaming")
        yield* vigil(["tenant", "suspend", "Acme"], environment)
        yield* becomes("0 of 0 are streaming")
        yield* vigil(["tenant", "resume", "Acme"], environment)
        yield* becomes("1 of 1 are streaming")
      }),
    180_000
  )
})
