import { describe, expect, layer } from "@effect/vitest"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { Effect } from "effect"
import { Site } from "../Site.js"
import { until } from "../Vigil.js"

describe("vigil tenant", () => {
  layer(Site.layer, { timeout: 300_000, excludeTestServices: true })((it) => {
    it.scoped(
      "adds, licenses, renames, suspends and removes tenants",
      () =>
        Effect.gen(function* () {
          const { call, file, json, said } = yield* Site
          const told = (...args: ReadonlyArray<string>) => said("tenant", ...args)
          const refused = (...args: ReadonlyArray<string>) => call("tenant", ...args)
          const passwordFile = yield* file("password", "correct horse battery\n")

          const admin = ["--admin", "zoe", "--password-file", passwordFile]
          expect(yield* told("add", "Acme Ltd", ...admin, "--cameras", "1", "--until", "2999-12-31")).toBe(
            "The tenant Acme Ltd is added, with zoe as its administrator.\n"
          )
          expect((yield* refused("add", "acme ltd", "--admin", "yan", "--password-file", passwordFile)).stderr).toBe(
            "vigil: there is a tenant named acme ltd already\n"
          )
          expect((yield* refused("add", "Other", ...admin, "--cameras", "many")).code).toBe(2)
          expect((yield* refused("licence", "Acme Ltd", "--until", "2999-02-30")).stderr).toContain("--until takes a date")
          expect(yield* told("list")).toMatch(
            /NAME +STATE +LICENCE .*\nAcme Ltd +active +valid +0 +1 .*\ndefault +active +valid /
          )
          expect(yield* told("licence", "acme ltd")).toMatch(
            /STATUS +CAMERAS +FROM +UNTIL +MODELS\nvalid +0 of 1 +ever +2999-12-31T00:00:00.000Z +all\n/
          )
          expect(yield* told("licence", "Acme Ltd", "--until", "2000-01-01", "--models", "yolox-nano,yolox-s")).toMatch(
            /\nexpired +0 of 1 +ever +2000-01-01.* +yolox-nano,yolox-s\nthe licence ended on 2000-01-01: /
          )
          expect(yield* json("tenant", "licence", "Acme Ltd", "--until", "none", "--models", "none")).toEqual({
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
          expect(yield* json("tenant", "list")).toMatchObject([{ name: "default", suspended: false, licence: "valid" }])
          expect(yield* said("audit", "list")).toMatch(/operator .*tenant\.remove/)
        }),
      400_000
    )

    it.scoped(
      "stops the cameras of a tenant that is suspended, and starts them when it is resumed",
      () =>
        Effect.gen(function* () {
          const { ask, file, said, url } = yield* Site
          const { video } = yield* sceneFile(street)
          const simulated = yield* startCameras({ files: [video] })
          const passwordFile = yield* file("password", "correct horse battery\n")
          yield* said("tenant", "add", "Beta", "--admin", "yan", "--password-file", passwordFile, "--cameras", "1")

          const post = (path: string, body: unknown, cookie: string) =>
            Effect.promise(() =>
              fetch(`${url}/api/v1${path}`, {
                method: "POST",
                headers: { "content-type": "application/json", cookie },
                body: JSON.stringify(body)
              })
            )
          const signedIn = yield* post("/session", { username: "yan", password: "correct horse battery" }, "")
          const cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? ""
          const camera = { name: "Gate", url: simulated.urls[0], transport: "tcp", analytics: [] }
          expect((yield* post("/cameras", camera, cookie)).status).toBe(201)
          expect((yield* post("/cameras", camera, cookie)).status).toBe(403)

          const becomes = (text: string) => until(text, ask("/health/detailed"), (told) => told.includes(text))
          yield* becomes("1 of 1 are streaming")
          yield* said("tenant", "suspend", "Beta")
          yield* becomes("0 of 0 are streaming")
          yield* said("tenant", "resume", "Beta")
          yield* becomes("1 of 1 are streaming")
        }),
      400_000
    )
  })
})
