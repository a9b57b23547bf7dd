import { existsSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { bundleCli } from "./CliBundle.mjs"
import { root } from "./Root.mjs"
import { isRemembered, remember, writeDigest } from "./Stamp.mjs"
import { quietly, step } from "./Steps.mjs"

const compiled = ["packages/core", "packages/runtime", "packages/api", "packages/cli", "fixtures", "bench", "docs/example"].map(
  (folder) => join(root, folder)
)
const page = join(root, "packages", "ui")
const binary = (name) => join(root, "node_modules", ".bin", name)

const inputsOf = (folder) =>
  ["src", "public", "index.html", "vite.config.ts", "package.json", "tsconfig.json"].map((name) => join(folder, name))

const compilerInputs = () => [join(root, "tsconfig.json"), join(root, "tsconfig.base.json"), ...compiled.flatMap(inputsOf)]
const pageInputs = () => [join(root, "tsconfig.base.json"), ...inputsOf(page), ...inputsOf(join(root, "packages", "core"))]

/** Output whose source is gone would still be found by an import. */
const removeOrphans = () => {
  for (const folder of compiled) {
    const output = join(folder, "dist")
    if (!existsSync(output)) continue
    for (const name of readdirSync(output, { recursive: true })) {
      const match = /^(.*?)(\.js|\.d\.ts)(\.map)?$/.exec(name)
      if (match && !existsSync(join(folder, "src", `${match[1]}.ts`))) rmSync(join(output, name))
    }
  }
}

const compile = async () => {
  removeOrphans()
  const complete = compiled.every((folder) => existsSync(join(folder, "dist")))
  await quietly(binary("tsc"), ["-b", "--pretty", "false", ...(complete ? [] : ["--force"])], { cwd: root })
}

const bundlePage = () => quietly(binary("vite"), ["build", "--logLevel", "warn"], { cwd: page })

const compileAndRemember = async (digest) => {
  await step("compiling", compile)
  await step("bundling the command line", bundleCli)
  remember("compiled", digest)
}

const bundleAndRemember = async (digest) => {
  await step("bundling the web page", bundlePage)
  remember("bundled", digest)
}

export const buildAll = async () => {
  await compileAndRemember(writeDigest(compilerInputs()))
  await bundleAndRemember(writeDigest(pageInputs()))
}

/** Compile the packages and bundle the web page, each only when one of its sources was written since. */
export const ensureBuilt = async () => {
  const sources = writeDigest(compilerInputs())
  if (!isRemembered("compiled", sources) || !compiled.every((folder) => existsSync(join(folder, "dist")))) {
    await compileAndRemember(sources)
  }
  const pageSources = writeDigest(pageInputs())
  if (!isRemembered("bundled", pageSources) || !existsSync(join(page, "dist", "index.html"))) {
    await bundleAndRemember(pageSources)
  }
}
