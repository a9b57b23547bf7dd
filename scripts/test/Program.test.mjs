import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "vitest"
import { root } from "../install/Root.mjs"

const program = pathToFileURL(join(root, "scripts", "Program.mjs")).href

/** Start `child` (JavaScript) through runInForeground, as `npm start` starts the demo, and wait for its first output. */
const start = async (child) => {
  const wrapper = `const { runInForeground } = await import(${JSON.stringify(program)})
    process.exitCode = await runInForeground(process.execPath, ["-e", ${JSON.stringify(child)}])`
  const running = spawn(process.execPath, ["--input-type=module", "-e", wrapper], { stdio: ["ignore", "pipe", "inherit"] })
  const output = { text: "" }
  running.stdout.setEncoding("utf8").on("data", (text) => (output.text += text))
  await once(running.stdout, "data")
  return { running, output }
}

const alive = "console.log(process.pid); setInterval(() => {}, 1000);"

describe("a program in the foreground", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"])("gets %s once, and its exit code is passed on", async (signal) => {
    const child = `let n = 0; process.on("${signal}", () => { console.log("got " + ++n); setTimeout(() => process.exit(7), 50) }); ${alive}`
    const { running, output } = await start(child)
    running.kill(signal)
    const [code] = await once(running, "close")
    expect(code).toBe(7)
    expect(output.text.match(/got \d/g)).toEqual(["got 1"])
  })

  it("ended by a signal counts as 128 + signal", async () => {
    const { running, output } = await start(alive)
    process.kill(Number(output.text.trim()), "SIGKILL")
    const [code] = await once(running, "close")
    expect(code).toBe(137)
  })
})
