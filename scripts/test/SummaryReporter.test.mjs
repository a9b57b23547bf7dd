import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { runInForeground } from "../Program.mjs"

const folder = mkdtempSync(join(tmpdir(), "vigil-summary-"))
afterAll(() => rmSync(folder, { recursive: true }))

it("every skipped test is counted, with its reason where it gives one, and what passed only when tried again is named", async () => {
  const summary = join(folder, "summary.json")
  const { VITEST: _worker, ...env } = process.env
  const code = await runInForeground(
    process.execPath,
    [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--root",
      "scripts/vitest/fixture",
      "--reporter",
      join(import.meta.dirname, "../vitest/SummaryReporter.ts")
    ],
    { ...env, VIGIL_TEST_SUMMARY: summary }
  )
  expect(code).toBe(0)
  const { passed, failed, skipped, flaky, errors } = JSON.parse(readFileSync(summary, "utf8"))
  expect({ passed, failed, errors }).toEqual({ passed: 2, failed: 0, errors: 0 })
  expect(skipped[0].name).toBe("scripts/vitest/fixture/Skips.test.mjs > notes")
  expect(skipped.map(({ name, reason }) => [name.split(" > ").at(-1), reason])).toEqual([
    ["notes", "there is no camera"],
    ["single [needs a GPU]", "needs a GPU"],
    ["inside", "needs nats-server"],
    ["silent", ""]
  ])
  expect(flaky).toEqual(["scripts/vitest/fixture/Skips.test.mjs > waits for luck"])
})
