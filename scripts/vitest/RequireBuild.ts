import { existsSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "..", "..")
const built = ["packages/core", "packages/runtime", "packages/api", "packages/cli", "fixtures", "bench", "docs/example"]
const addon = "node_modules/beamcoder/build/Release/beamcoder.node"

/** Tests import the packages as they are built; without a build every one of them would fail with a puzzling import error. */
export default function requireBuild(): void {
  const unbuilt = built.filter((folder) => !existsSync(join(root, folder, "dist")))
  if (unbuilt.length > 0)
    throw new Error(`Not built: ${unbuilt.join(", ")}. Run \`npx tsc -b\` (or \`npm test\`, which does it).`)
  if (!existsSync(join(root, addon))) throw new Error(`${addon} does not exist. Run \`npm install\`.`)
}
