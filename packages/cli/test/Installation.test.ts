import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { vigil } from "./Vigil.js"

it.effect.skipIf(!existsSync("/proc/self"))(
  "says at once where the data folder cannot be, also below a folder that takes none [needs /proc]",
  () =>
    Effect.gen(function* () {
      for (const args of [["up"], ["demo"], ["models", "list"]]) {
        const { code, stderr } = yield* vigil(args, { VIGIL_DATA: "/proc/nope/data" })
        expect(code, args.join(" ")).toBe(1)
        expect(stderr, args.join(" ")).toMatch(/^vigil: the data folder \/proc\/nope\/data cannot be used: .*VIGIL_DATA$/m)
      }
    }),
  400_000
)
