import { writeFileSync } from "node:fs"
import { relative } from "node:path"
import { env } from "node:process"
import type { Reporter, TestCase, TestModule, TestSuite } from "vitest/node"

/** A skipped test says why: in the note of `skip(condition, note)`, or as `[needs ...]` in its title or in that of a suite around it. */
const reasonOf = (test: TestCase): string => {
  const result = test.result()
  if (result.state === "skipped" && result.note) return result.note
  let entity: TestCase | TestSuite | TestModule = test
  while (entity.type !== "module") {
    const tag = /\[(needs [^\]]+)\]/.exec(entity.name)
    if (tag?.[1]) return tag[1]
    entity = entity.parent
  }
  return ""
}

const nameOf = (module: TestModule, test: TestCase): string => `${relative(process.cwd(), module.moduleId)} > ${test.fullName}`

/** Counts what ran, and names what was skipped, with reasons, and what passed only when tried again: to the file named by VIGIL_TEST_SUMMARY, else to the terminal. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<unknown>): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()].map((test) => ({ module, test })))
    const count = (state: string) => tests.filter(({ test }) => test.result().state === state).length
    const skipped = tests
      .filter(({ test }) => test.result().state === "skipped")
      .map(({ module, test }) => ({ name: nameOf(module, test), reason: reasonOf(test) }))
    const flaky = tests.filter(({ test }) => test.diagnostic()?.flaky).map(({ module, test }) => nameOf(module, test))
    const brokenModules = modules.filter((module) => module.state() === "failed" && module.errors().length > 0).length
    const summary = { passed: count("passed"), failed: count("failed"), skipped, flaky, errors: errors.length + brokenModules }
    if (env.VIGIL_TEST_SUMMARY) return writeFileSync(env.VIGIL_TEST_SUMMARY, JSON.stringify(summary))
    for (const { name, reason } of skipped) process.stdout.write(`skipped: ${name}: ${reason || "WITHOUT A REASON"}\n`)
    for (const name of flaky) process.stdout.write(`passed only when tried again: ${name}\n`)
  }
}
