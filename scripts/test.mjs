// npm test [-- FILTER...]: the checks of `npm run check`, then every test; with filters only the tests whose path matches.
// The last line counts the tests: `N passed, N failed, N skipped`.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bootstrap, failPlainly } from "./bootstrap.mjs"
import { runInForeground } from "./Program.mjs"

await bootstrap({ tests: true }).catch(failPlainly)

const filters = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), "vigil-test-"))
const summaryFile = join(folder, "summary.json")

/** What scripts/vitest/SummaryReporter.ts wrote; nothing when Vitest did not come that far. */
const readSummary = () =>
  existsSync(summaryFile)
    ? JSON.parse(readFileSync(summaryFile, "utf8"))
    : { passed: 0, failed: 0, skipped: [], flaky: [], errors: 1 }

const groupByReason = (tests) => {
  const groups = new Map()
  for (const test of tests) groups.set(test.reason, [...(groups.get(test.reason) ?? []), test])
  return groups
}

try {
  const checks = filters.length > 0 ? 0 : await runInForeground(process.execPath, ["scripts/check.mjs"])
  const tests = await runInForeground(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...filters], {
    ...process.env,
    VIGIL_TEST_SUMMARY: summaryFile
  })
  const { passed, failed, skipped, flaky, errors } = readSummary()
  const reasons = groupByReason(skipped)
  if (skipped.length > 0) console.log("\nSkipped:")
  for (const [reason, names] of reasons) {
    console.log(`  ${names.length} x ${reason || "WITHOUT A REASON (see CONTRIBUTING.md)"}`)
    if (!reason) for (const { name } of names) console.log(`      ${name}`)
  }
  if (flaky.length > 0) console.log(`\nPassed only when tried again (look why):\n${flaky.map((name) => `  ${name}`).join("\n")}`)
  const unexplained = skipped.some(({ reason }) => !reason)
  if (checks !== 0) console.log("\nnpm run check found problems, see above.")
  if (errors > 0) console.log(`\n${errors} error${errors === 1 ? "" : "s"} outside of tests, see above.`)
  console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`)
  process.exitCode = checks === 0 && tests === 0 && !unexplained ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
