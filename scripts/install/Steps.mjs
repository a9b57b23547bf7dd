import { spawn } from "node:child_process"

/** A failure whose message is all that a person needs; no stack trace. */
export class BootstrapError extends Error {}

const terminal = process.stderr.isTTY === true
const seconds = (started) => Math.round((performance.now() - started) / 1000)

/**
 * Announce a piece of work on stderr, count its seconds on a terminal, and say how long it took.
 * @template A
 * @param {string} title
 * @param {() => Promise<A>} work
 * @returns {Promise<A>}
 */
export const step = async (title, work) => {
  const started = performance.now()
  if (!terminal) process.stderr.write(`- ${title} ...\n`)
  const draw = () => process.stderr.write(`\r\x1b[K- ${title} ... ${seconds(started)} s`)
  const ticking = terminal ? setInterval(draw, 1000) : undefined
  if (terminal) draw()
  try {
    const result = await work()
    process.stderr.write(`${terminal ? "\r\x1b[K" : ""}- ${title}: done in ${seconds(started)} s\n`)
    return result
  } catch (error) {
    if (terminal) process.stderr.write("\n")
    throw error
  } finally {
    clearInterval(ticking)
  }
}

/**
 * Run a command without input. What it printed is shown only when it fails.
 * @param {string} command
 * @param {ReadonlyArray<string>} args
 * @param {import("node:child_process").SpawnOptions} options
 */
export const quietly = (command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    const collect = (text) => (output = (output + text).slice(-200_000))
    child.stdout.setEncoding("utf8").on("data", collect)
    child.stderr.setEncoding("utf8").on("data", collect)
    child.on("error", (error) => reject(new BootstrapError(`${command} could not be started: ${error.message}`)))
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(output)
      reject(new BootstrapError(`${command} ${args.join(" ")} failed (${signal ?? `exit code ${code}`}):\n${output.trim()}`))
    })
  })
