import { relative } from "node:path"
import { run } from "./Command.mjs"
import { root } from "../install/Root.mjs"

/** Files that Biome would write differently. */
export const unformatted = async (paths) => {
  const { code, stdout, stderr } = await run("biome", ["format", "--reporter=github", "--max-diagnostics=none", ...paths])
  if (code === 0) return []
  const files = [...new Set([...stdout.matchAll(/::error title=\w+,file=([^,]+)/g)].map(([, file]) => relative(root, file)))]
  return files.length > 0 ? files : [`${stdout}${stderr}`]
}
