import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../install/Root.mjs"

/** npm < 11.10 knows no `allowScripts`; without this mark in the lock file it leaves these packages' scripts alone. */
const scriptsNotToRun = ["onnxruntime-node"]

const manifestOf = (folder) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"))

/** npm writes the entries in another order, and paths without `./`. */
const entries = (field) =>
  Object.entries(field ?? {})
    .map(([name, text]) => `${name} ${text.replace(/^\.\//, "")}`)
    .sort((a, b) => a.localeCompare(b))
    .join("\n")

/** Manifests whose dependencies are not those that the lock file was made from. */
const driftedManifests = (packages) =>
  Object.keys(packages)
    .filter((folder) => !folder.includes("node_modules"))
    .filter((folder) =>
      ["dependencies", "devDependencies", "bin"].some(
        (field) => entries(manifestOf(folder)[field]) !== entries(packages[folder][field])
      )
    )
    .map((folder) => `${join(folder, "package.json")} is not what the lock file was made from: run npm install`)

/** What in package-lock.json would break an installation elsewhere. */
export const lockFileProblems = () => {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"))
  const addresses = Object.entries(packages)
    .filter(([, entry]) => /^https?:/.test(entry.resolved ?? ""))
    .map(([name, entry]) => `${name} is tied to ${entry.resolved}: remove "resolved"`)
  const scripts = scriptsNotToRun
    .filter((name) => packages[`node_modules/${name}`]?.hasInstallScript)
    .map((name) => `${name} has "hasInstallScript": remove it, its script downloads CUDA`)
  return [...addresses, ...scripts, ...driftedManifests(packages)]
}
