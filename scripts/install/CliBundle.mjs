import { rmSync } from "node:fs"
import { join } from "node:path"
import { root } from "./Root.mjs"

const folder = join(root, "packages", "cli")

/** What a call of `vigil` loads some hundred modules of; all others are loaded from node_modules as ever. */
const bundled = /^(effect|@effect\/.*|@vigil\/.*|yaml|fast-check|pure-rand|multipasta|find-my-way-ts)(\/|$)/

/** Packages stay where they are, but for those. */
const fewPackages = {
  name: "few packages",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^[^./]/ }, ({ kind, path }) =>
      kind === "entry-point" || bundled.test(path) ? undefined : { path, external: true }
    )
}

/**
 * One file of the command line, and one of each of its parts that is loaded when it is needed: a call of `vigil` spends its time on loading modules. The folder
 * lies where dist does, so that what is found by the place of a module is found from both.
 */
export const bundleCli = async () => {
  // Not at the top: this file is loaded before there are packages.
  const { build } = await import("esbuild")
  const outdir = join(folder, "bundle")
  rmSync(outdir, { recursive: true, force: true })
  await build({
    entryPoints: [join(folder, "dist", "main.js")],
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "warning",
    plugins: [fewPackages],
    // Packages of the older kind among them call `require`.
    banner: { js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);' }
  })
}
