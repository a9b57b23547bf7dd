// npm run check [-- PATH...]: every rule of CONTRIBUTING.md that a machine can see.
import { existsSync } from "node:fs"
import { findings } from "./check/AstGrep.mjs"
import { run } from "./check/Command.mjs"
import { unformatted } from "./check/Format.mjs"
import { importProblems } from "./check/Imports.mjs"
import { lockFileProblems } from "./check/LockFile.mjs"
import { unnamedDrawers } from "./check/PathNames.mjs"
import { root } from "./install/Root.mjs"

const given = process.argv.slice(2)
const sources = ["packages", "fixtures", "bench", "docs/example"]
const paths =
  given.length > 0 ? given : [...sources, "scripts", "vitest.config.ts"].filter((path) => existsSync(`${root}/${path}`))

/** Keep what concerns the given paths; tools that see only the whole print findings line by line. */
const ofPaths = (text) =>
  given.length === 0
    ? text
    : text
        .split("\n")
        .filter((line) => given.some((path) => line.includes(path)))
        .join("\n")

const tool =
  (command, ...args) =>
  async () => {
    const { code, stdout, stderr } = await run(command, args)
    return code === 0 ? "" : `${stdout}${stderr}`.trim()
  }

const wholeTool = (command, ...args) => {
  const check = tool(command, ...args)
  return async () => ofPaths(await check())
}

const types = [
  ["types of the sources (tsc -b)", wholeTool("tsc", "-b", "--pretty", "false")],
  ["types of the tests", wholeTool("tsc", "-p", "tsconfig.test.json", "--pretty", "false")],
  ["types of the web app", wholeTool("tsc", "-p", "packages/ui", "--noEmit", "--pretty", "false")]
]

const rules = [
  ["lint (oxlint, with types)", tool("oxlint", "--type-aware", "--format", "unix", ...paths)],
  [
    "house rules (ast-grep)",
    async () =>
      (await findings(paths))
        .filter(({ file }) => !file.startsWith("scripts/check/fixture/"))
        .map(({ file, line, rule, message }) => `${file}:${line} ${rule}: ${message}`)
        .sort()
        .join("\n")
  ],
  ["format (biome); npm run format -- PATH mends it", async () => (await unformatted(paths)).join("\n")],
  ["dead code and dependencies (knip)", wholeTool("knip", "--no-progress", "--reporter", "compact")],
  ["copies (jscpd)", wholeTool("jscpd", "--config", ".jscpd.json", ...sources)],
  ["directions of imports", async () => ofPaths((await importProblems()).join("\n"))],
  [
    "OpenAPI document is up to date; npm run openapi writes it",
    wholeTool(process.execPath, `${root}/scripts/openapi.mjs`, "--check")
  ],
  ["names of folders", async () => (await unnamedDrawers()).join("\n")],
  ["lock file", async () => lockFileProblems().join("\n")]
]

const failed = []

const perform = async ([name, check]) => {
  const started = performance.now()
  const problems = await check()
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  if (problems === "") return console.log(`ok      ${name} (${seconds} s)`)
  failed.push(name)
  console.log(`FAILED  ${name} (${seconds} s)\n${problems.replace(/^/gm, "        ")}`)
}

for (const check of types) await perform(check)
const queue = [...rules]
const worker = async () => {
  for (let check = queue.shift(); check; check = queue.shift()) await perform(check)
}
await Promise.all([worker(), worker()])

if (failed.length > 0) {
  console.log(`\n${failed.length} of ${types.length + rules.length} checks failed: ${failed.join(", ")}`)
  process.exitCode = 1
}
