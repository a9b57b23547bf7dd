import { spawn } from "node:child_process"
import { constants } from "node:os"
import { root } from "./install/Root.mjs"

/**
 * Run a program in the foreground and resolve with its exit code (128 + signal when a signal ended it).
 * Signals sent to this process reach the program exactly once: Ctrl-C on a terminal goes to the whole foreground group, so it is
 * not passed on a second time.
 * @param {string} command
 * @param {ReadonlyArray<string>} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>}
 */
export const runInForeground = (command, args, env = process.env) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: "inherit" })
    const forward = (signal) => {
      if (signal === "SIGINT" && process.stdin.isTTY) return
      child.kill(signal)
    }
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"]
    for (const signal of signals) process.on(signal, forward)
    child.on("error", reject)
    child.on("exit", (code, signal) => {
      for (const name of signals) process.off(name, forward)
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
