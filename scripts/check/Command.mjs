import { spawn } from "node:child_process"
import { delimiter, join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { root } from "../install/Root.mjs"

const path = `${join(root, "node_modules", ".bin")}${delimiter}${process.env.PATH ?? ""}`

/**
 * Run a tool in the root of the repository and collect what it prints.
 * @param {string} command
 * @param {ReadonlyArray<string>} args
 * @returns {Promise<{ readonly code: number, readonly stdout: string, readonly stderr: string }>}
 */
export const run = (command, args) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, PATH: path, NO_COLOR: "1", FORCE_COLOR: "0" },
      stdio: ["ignore", "pipe", "pipe"]
    })
    const output = { stdout: "", stderr: "" }
    child.stdout.setEncoding("utf8").on("data", (text) => (output.stdout += text))
    child.stderr.setEncoding("utf8").on("data", (text) => (output.stderr += text))
    child.on("error", reject)
    child.on("close", (code) =>
      resolve({
        code: code ?? 1,
        stdout: stripVTControlCharacters(output.stdout),
        stderr: stripVTControlCharacters(output.stderr)
      })
    )
  })
