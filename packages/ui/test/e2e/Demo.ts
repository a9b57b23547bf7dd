import { type ChildProcess, execFile, spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

/** `vigil demo`, or `vigil up`, on a free port with a data folder of its own. */
export interface Demo {
  /** The one-time link that creates the first administrator. */
  readonly setupLink: string
  /** Runs a command as the operator of its machine does. */
  readonly operate: (...words: ReadonlyArray<string>) => Promise<void>
  readonly stop: () => Promise<void>
}

const cli = join(import.meta.dirname, "../../../cli/bin/vigil.js")

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once("exit", () => resolve())
  })

/** Resolves with the set-up link, wherever it stands in what the demo prints. */
const printedLink = (child: ChildProcess, deadline: number): Promise<string> =>
  new Promise((resolve, reject) => {
    let printed = ""
    const timer = setTimeout(() => reject(new Error(`no set-up link within ${deadline} ms; printed:\n${printed}`)), deadline)
    const onData = (chunk: Buffer) => {
      printed = (printed + chunk.toString()).slice(-20_000)
      const link = /https?:\/\/[^\s"]+\/setup\?token=[\w-]+/.exec(printed)?.[0]
      if (link === undefined) return
      clearTimeout(timer)
      resolve(link)
    }
    child.stdout?.on("data", onData)
    child.stderr?.on("data", onData)
    child.once("exit", (code) => {
      clearTimeout(timer)
      reject(new Error(`the demo ended with ${code}; printed:\n${printed}`))
    })
  })

export const startDemo = async (deadline: number, command: "demo" | "up" = "demo"): Promise<Demo> => {
  const folder = await mkdtemp(join(tmpdir(), "vigil-e2e-"))
  const ownEnvironment = { ...process.env, VIGIL_DATA: folder }
  const child = spawn(process.execPath, [cli, command], {
    env: {
      ...ownEnvironment,
      VIGIL_HOST: "127.0.0.1",
      VIGIL_PORT: "0",
      VIGIL_DISCOVERY_NETWORKS: "127.0.0.0/8"
    },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const operate = async (...words: ReadonlyArray<string>) => {
    await promisify(execFile)(process.execPath, [cli, ...words], { env: ownEnvironment })
  }
  const stop = async () => {
    child.kill("SIGINT")
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000)
    await ended(child)
    clearTimeout(timer)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    return { setupLink: await printedLink(child, deadline), operate, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
