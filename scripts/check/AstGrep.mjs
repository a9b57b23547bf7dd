import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { isAllowed } from "./Allowed.mjs"
import { run } from "./Command.mjs"
import { root } from "../install/Root.mjs"

/** @typedef {{ readonly rule: string, readonly file: string, readonly line: number, readonly message: string }} Finding */

const rulesFolder = join(root, "scripts", "check", "rules")

/** Every rule twice, for .ts and for .tsx: ast-grep takes them as two languages. */
const rules = () =>
  readdirSync(rulesFolder)
    .map((name) => readFileSync(join(rulesFolder, name), "utf8"))
    .flatMap((rule) => [rule, rule.replace("language: TypeScript", "language: Tsx").replace(/^id: (\S+)$/m, "id: $1-tsx")])
    .join("\n---\n")

const lines = new Map()

const linesOf = (file) => {
  if (!lines.has(file)) lines.set(file, readFileSync(join(root, file), "utf8").split("\n"))
  return lines.get(file)
}

const explained = (match) =>
  match.rule.startsWith("swallowed-") &&
  linesOf(match.file)
    .slice(Math.max(0, match.line - 2), match.lastLine + 1)
    .some((line) => /\/[/*] ?swallowed: \S+ \S+/.test(line))

/** A type written out by hand in the package of the Schema of its name, or in any product package when that Schema is in core. */
const typesBesideSchemas = (matches) => {
  const packageOf = (file) =>
    file
      .split("/")
      .slice(0, file.startsWith("packages/") ? 2 : 1)
      .join("/")
  const schemas = matches.filter(({ rule }) => rule === "schema-name")
  return matches
    .filter(({ rule }) => rule === "structural-type-name")
    .flatMap((type) => {
      const twin = schemas.find(
        ({ file, name }) =>
          name === type.name &&
          (packageOf(file) === packageOf(type.file) || (packageOf(file) === "packages/core" && type.file.startsWith("packages/")))
      )
      if (!twin) return []
      return [
        {
          ...type,
          rule: "type-beside-schema",
          message: `${type.name} is written twice: derive the type from the Schema in ${twin.file}:${twin.line}.`
        }
      ]
    })
}

/**
 * Findings of the rules in `scripts/check/rules`, without those that are allowed or explained.
 * @param {ReadonlyArray<string>} paths
 * @returns {Promise<ReadonlyArray<Finding>>}
 */
export const findings = async (paths) => {
  const { stdout, stderr } = await run("ast-grep", ["scan", "--json=compact", "--inline-rules", rules(), ...paths])
  if (!stdout.startsWith("[")) throw new Error(`ast-grep gave no result: ${stderr}`)
  const matches = JSON.parse(stdout).map((match) => ({
    rule: match.ruleId.replace(/-tsx$/, ""),
    file: relative(root, join(root, match.file)),
    line: match.range.start.line + 1,
    lastLine: match.range.end.line + 1,
    name: match.metaVariables?.single?.NAME?.text,
    message: match.message
  }))
  const errors = matches.filter((match) => !["schema-name", "structural-type-name"].includes(match.rule))
  return [...errors.filter((match) => !explained(match)), ...typesBesideSchemas(matches)].filter(
    ({ rule, file }) => !isAllowed(rule, file)
  )
}
