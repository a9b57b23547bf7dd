import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./Root.mjs"
import { contentDigest, isRemembered, remember } from "./Stamp.mjs"
import { quietly, step } from "./Steps.mjs"

const packageFile = join(root, "package.json")
const lockFile = join(root, "package-lock.json")

const workspaces = () => [
  ...readdirSync(join(root, "packages")).map((name) => join("packages", name)),
  "fixtures",
  "bench",
  "docs/example"
]

const digest = () =>
  contentDigest([packageFile, lockFile, ...workspaces().map((folder) => join(root, folder, "package.json"))]) +
  `${process.platform}-${process.arch}-${process.versions.modules}`

/** Installed packages whose install scripts the project approves of. */
const approved = () => {
  const { allowScripts } = JSON.parse(readFileSync(packageFile, "utf8"))
  return Object.keys(allowScripts).filter((name) => allowScripts[name] && existsSync(join(root, "node_modules", name)))
}

const npmMajor = async () => Number((await quietly("npm", ["--version"])).trim().split(".")[0])

/**
 * npm 10 runs every install script, whatever `allowScripts` says, and rewrites the lock file in its own way. So no script runs at
 * first, then those of the approved packages, and its lock file is not kept.
 */
const installPackages = async () => {
  const lock = readFileSync(lockFile, "utf8")
  const keepsLock = (await npmMajor()) >= 11
  try {
    await quietly("npm", ["install", "--ignore-scripts", "--prefer-offline"], { cwd: root })
    await quietly("npm", ["rebuild", ...approved()], { cwd: root })
  } finally {
    if (!keepsLock) writeFileSync(lockFile, lock)
  }
}

/** `npm install`, unless the lock file, the manifests and Node are those of the last time. */
export const ensureNodePackages = async () => {
  if (isRemembered("packages", digest()) && existsSync(join(root, "node_modules", ".package-lock.json"))) return
  await step("npm packages", installPackages)
  remember("packages", digest()) // npm may have written the lock file
}
