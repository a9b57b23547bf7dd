import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, realpathSync } from "node:fs"
import { dirname, join } from "node:path"

const besideNpm = (folder) => join(folder, "node_modules", "node-gyp", "bin", "node-gyp.js")

/** The command line that starts the node-gyp which came with npm, else one from the registry. */
export const nodeGypCommand = () => {
  const npmGlobal = () => spawnSync("npm", ["root", "--global"], { encoding: "utf8" }).stdout?.trim() ?? ""
  const candidates = [
    () => process.env.npm_execpath && besideNpm(dirname(dirname(process.env.npm_execpath))),
    () => besideNpm(join(npmGlobal(), "npm")),
    () => "/usr/share/nodejs/node-gyp/bin/node-gyp.js"
  ]
  for (const candidate of candidates) {
    const file = candidate()
    if (file && existsSync(file)) return [process.execPath, file]
  }
  return ["npx", "--yes", "node-gyp@11"]
}

/** Headers that came with this Node, so that nothing is downloaded from nodejs.org where they exist. */
export const headerArguments = () => {
  const prefix = dirname(dirname(realpathSync(process.execPath)))
  const header = join(prefix, "include", "node", "node_version.h")
  if (!existsSync(header)) return []
  const text = readFileSync(header, "utf8")
  const version = ["MAJOR", "MINOR", "PATCH"].map((part) => text.match(new RegExp(`NODE_${part}_VERSION (\\d+)`))?.[1]).join(".")
  return version === process.versions.node ? [`--nodedir=${prefix}`] : []
}
