import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { firstLine, runningVigil, temporaryFolder, vigil, vigilJson } from "../Vigil.js"

describe("the commands for many cameras", () => {
  it.scopedLive(
    "bring them in, sort them, and write them out",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const environment = { VIGIL_DATA: join(folder, "data") }
        const call = (...args: ReadonlyArray<string>) => vigil(args, environment)
        const json = (...args: ReadonlyArray<string>) => vigilJson(args, environment)
        yield* firstLine(yield* runningVigil(["up", "--json"], environment))
        const csv = join(folder, "cameras.csv")
        const workbook = join(folder, "out.xlsx")
        writeFileSync(
          csv,
          "name;url;username;password;enabled;place\nGate;rtsp://192.0.2.1/1;u;hush;no;North/Hall\nYard;rtsp://192.0.2.1/2;;;no;\nBad;nothing;;;;\n"
        )
        yield* json("place", "add", "North")
        yield* json("place", "add", "North/Hall")
        expect(yield* json("place", "list")).toMatchObject([
          { path: "North", kind: "site" },
          { path: "North/Hall", kind: "building" }
        ])
        const dry = yield* call("camera", "import", csv, "--dry-run")
        expect(dry).toMatchObject({ code: 1 })
        expect(dry.stdout.toString()).toMatch(/4 +url +.*\n2 of 3 rows can be added/)
        expect(yield* json("camera", "import", csv, "--good-rows")).toMatchObject({ rows: 3, added: 2 })
        expect(yield* json("camera", "tag", "Gate", "Yard", "--tag", "outside")).toMatchObject([{ done: true }, { done: true }])
        expect(yield* json("camera", "move", "Yard", "--place", "North")).toMatchObject([{ done: true }])
        expect(yield* json("camera", "list")).toMatchObject([
          { name: "Gate", tags: ["outside"], hasCredentials: true },
          { name: "Yard", tags: ["outside"] }
        ])
        expect(yield* json("camera", "list", "--place", "North/Hall", "--tag", "outside")).toMatchObject([{ name: "Gate" }])
        expect(yield* json("camera", "list", "--place", "North", "--descending")).toMatchObject([
          { name: "Yard" },
          { name: "Gate" }
        ])
        expect(yield* json("camera", "list", "--search", "YAR", "--enabled", "yes")).toEqual([])
        expect(yield* json("place", "rename", "North/Hall", "Hall 2")).toMatchObject({ name: "Hall 2", revision: 2 })
        yield* json("place", "add", "South")
        expect((yield* call("place", "move", "North/Hall 2", "South")).stdout.toString()).toBe(
          "North/Hall 2 is South/Hall 2 now.\n"
        )
        yield* json("place", "move", "South/Hall 2", "North")
        expect(yield* call("place", "remove", "North/Hall 2")).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/holds 1 camera/)
        })
        yield* json("camera", "export", workbook)
        expect(readFileSync(workbook).subarray(0, 2).toString()).toBe("PK")
        const again = yield* call("camera", "import", workbook, "--dry-run", "--json")
        expect(JSON.parse(again.stdout.toString())).toMatchObject({ rows: 2, good: 0 })
        expect(yield* call("camera", "export", "x.pdf")).toMatchObject({ code: 2 })
      }),
    { timeout: 120_000 }
  )
})
