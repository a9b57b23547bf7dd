import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { findings } from "../check/AstGrep.mjs"
import { run } from "../check/Command.mjs"
import { importProblemsIn } from "../check/Imports.mjs"
import { root } from "../install/Root.mjs"

const fixture = join(root, "scripts", "check", "fixture")

describe("house rules", () => {
  it("find every fault of the bad example, where it is", async () => {
    const found = await findings(["scripts/check/fixture/Bad.ts"])
    expect(
      found.map(({ rule, line }) => `${line} ${rule}`).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    ).toEqual([
      "4 type-beside-schema",
      "10 swallowed-effect",
      "11 swallowed-effect",
      "12 swallowed-effect",
      "13 swallowed-exception",
      "17 swallowed-exception",
      "21 swallowed-exception",
      "25 process-env",
      "27 unexplained-suppression"
    ])
  })

  it("find nothing in the good example", async () => {
    expect(await findings(["scripts/check/fixture/Good.ts"])).toEqual([])
  })
})

describe("directions of imports", () => {
  it("core knows nobody, runtime and api not each other, tests may use the fixtures", () => {
    const core = 'import { Effect } from "effect"\nimport {\n  Database\n} from "@vigil/api/database/Database"\nimport "node:fs"'
    expect(importProblemsIn("packages/core/src/Camera.ts", core)).toEqual([
      "packages/core/src/Camera.ts:2 packages/core may not import @vigil/api/database/Database",
      "packages/core/src/Camera.ts:5 core may not import node:fs"
    ])
    expect(importProblemsIn("packages/api/src/Sessions.ts", 'export * from "@vigil/runtime/Pipeline"')).toHaveLength(1)
    expect(importProblemsIn("packages/api/src/Sessions.ts", 'import type { Camera } from "@vigil/core/Camera"')).toEqual([])
    expect(
      importProblemsIn("packages/runtime/test/Rtsp.test.ts", 'import { cameras } from "@vigil/fixtures/camera/Cameras"')
    ).toEqual([])
  })
})

describe("lint", () => {
  const folder = mkdtempSync(join(tmpdir(), "vigil-lint-"))
  afterAll(() => rmSync(folder, { recursive: true }))

  it("fires the rules of the house, those that need types included", async () => {
    cpSync(join(fixture, "Lint.ts"), join(folder, "Lint.ts"))
    writeFileSync(join(folder, "Long.ts"), "export {}\n".repeat(401))
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { strict: true, lib: ["ES2023", "DOM"], noEmit: true } })
    )
    const { stdout } = await run("oxlint", ["-c", join(root, ".oxlintrc.json"), "--type-aware", "--format", "unix", folder])
    const rules = new Set([...stdout.matchAll(/\/\w+\(([\w-]+)\)\]/g)].map(([, rule]) => rule))
    expect([...rules].sort()).toEqual(
      expect.arrayContaining([
        "max-depth",
        "max-lines",
        "no-console",
        "no-explicit-any",
        "no-floating-promises",
        "no-non-null-assertion",
        "no-unsafe-type-assertion",
        "no-warning-comments"
      ])
    )
  })
})
