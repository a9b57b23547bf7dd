import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { firstLine, runningVigil, temporaryFolder, vigil, vigilJson } from "../Vigil.js"

const mask = { name: "window", polygon: [0, 1, 2].map((corner) => ({ x: corner === 1 ? 0.5 : 0, y: corner === 2 ? 0.5 : 0 })) }

describe("the commands about privacy", () => {
  it.scopedLive(
    "draw masks, erase with a report, and hand out what is kept",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const environment = { VIGIL_DATA: join(folder, "data") }
        const call = (...args: ReadonlyArray<string>) => vigil(args, environment)
        const json = (...args: ReadonlyArray<string>) => vigilJson(args, environment)
        yield* firstLine(yield* runningVigil(["up", "--json"], environment))
        const file = (name: string) => join(folder, name)
        writeFileSync(file("masks.json"), JSON.stringify([mask]))
        writeFileSync(file("crossed.json"), JSON.stringify([{ name: "x", polygon: [...mask.polygon, { x: 0.5, y: 0.5 }] }]))
        const add = ["camera", "add", "Gate", "rtsp://192.0.2.1/1", "--no-probe", "--disabled"]
        expect(yield* json(...add, "--masks", file("masks.json"))).toMatchObject({ masks: [mask] })
        expect(yield* call("camera", "edit", "Gate", "--masks", file("crossed.json"))).toMatchObject({
          code: 2,
          stderr: expect.stringMatching(/edges must not cross/)
        })
        expect(yield* json("camera", "edit", "Gate", "--no-masks")).toMatchObject({ masks: [] })
        expect(yield* json("camera", "edit", "Gate", "--masks", file("masks.json"))).toMatchObject({ masks: [mask] })

        const reason = ["--reason", "Request 17"]
        expect(yield* call("privacy", "erase", ...reason)).toMatchObject({ code: 2, stderr: expect.stringMatching(/say which/) })
        expect(yield* json("privacy", "erase", "--camera", "Gate", ...reason, "--dry-run")).toMatchObject({ events: 0 })
        const erased = yield* json("privacy", "erase", "--since", "2026-01-01", "--until", "1h", "--camera", "Gate", ...reason)
        expect(erased).toMatchObject({ reason: "Request 17", finishedAt: expect.any(String), erased: { events: 0 } })
        const { id } = Schema.decodeUnknownSync(Schema.Struct({ id: Schema.String }))(erased)
        expect((yield* call("privacy", "report", id)).stdout.toString()).toMatch(
          /asked for by .* done. Reason: Request 17[^]*There are no such events[^]*What is not erased/
        )
        expect((yield* call("privacy", "erase", "--since", "1d", ...reason)).stdout.toString()).toMatch(
          /There are no such events/
        )
        const listed = yield* call("privacy", "erasures")
        expect(listed.stdout.toString().match(/done +Request 17/g)).toHaveLength(2)
        expect(yield* call("privacy", "erase", "--person-of", crypto.randomUUID(), ...reason)).toMatchObject({ code: 1 })

        expect(yield* json("privacy", "export", file("all.zip"))).toMatchObject({ bytes: expect.any(Number) })
        expect(readFileSync(file("all.zip")).subarray(0, 2).toString()).toBe("PK")
        expect(statSync(file("all.zip")).mode & 0o777).toBe(0o600)
        expect(yield* call("privacy", "export", file("all.zip"))).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/EEXIST/)
        })
        expect(yield* call("privacy", "export", file("nobody.zip"), "--user", "nobody")).toMatchObject({ code: 1 })
        expect(existsSync(file("nobody.zip"))).toBe(false)
      }),
    { timeout: 120_000 }
  )
})
