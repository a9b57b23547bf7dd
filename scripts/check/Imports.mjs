import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../install/Root.mjs"
import { run } from "./Command.mjs"

/** What the sources of a workspace may import of the others. */
const allowedPackages = {
  "packages/core": [],
  "packages/runtime": ["core"],
  "packages/api": ["core"],
  "packages/ui": ["core"],
  "packages/cli": ["core", "runtime", "api", "fixtures"],
  fixtures: ["core"],
  bench: ["core", "runtime", "api", "cli", "fixtures"],
  "docs/example": ["core", "runtime", "api"]
}

/** core is the contract: it runs in a browser too, and brings no server along. */
const allowedInCore = /^(effect|@effect\/(platform|rpc|cluster)|@noble\/hashes)(\/|$)/

const imports =
  /^\s*(?:import|export)\s[^"']*?from\s+["']([^"']+)["']|^\s*import\s+["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm

const problemOf = (workspace, file, specifier) => {
  const inTests = file.startsWith(`${workspace}/test/`)
  const [, sibling] = /^@vigil\/(\w+)/.exec(specifier) ?? []
  if (sibling) {
    if (workspace.endsWith(sibling) || allowedPackages[workspace].includes(sibling)) return undefined
    if (inTests && sibling === "fixtures") return undefined
    return `${workspace} may not import ${specifier}`
  }
  if (workspace === "packages/core" && !inTests && !specifier.startsWith(".") && !allowedInCore.test(specifier)) {
    return `core may not import ${specifier}`
  }
  return undefined
}

const readSource = (file) => {
  try {
    return readFileSync(join(root, file), "utf8")
  } catch (error) {
    if (error.code === "ENOENT") return "" // removed, but still in git's index
    throw error
  }
}

/**
 * Imports of one file against the direction in which packages depend on each other.
 * @param {string} file relative to the root of the repository
 * @param {string} text
 */
export const importProblemsIn = (file, text) => {
  const workspace = Object.keys(allowedPackages).find((folder) => file.startsWith(`${folder}/`))
  if (!workspace) return []
  return [...text.matchAll(imports)].flatMap((match) => {
    const problem = problemOf(workspace, file, match[1] ?? match[2] ?? match[3])
    const line = text.slice(0, match.index + match[0].search(/\S/)).split("\n").length
    return problem ? [`${file}:${line} ${problem}`] : []
  })
}

export const importProblems = async () => {
  const { stdout } = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.tsx"])
  return stdout
    .split("\n")
    .filter(Boolean)
    .flatMap((file) => importProblemsIn(file, readSource(file)))
}
