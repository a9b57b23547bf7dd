import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { connect, Socket } from "node:net"
import { Worker } from "node:worker_threads"
import { answerOnce } from "@vigil/runtime/model/SandboxProgram"

/** What a program in the sandbox can do: `done`, or the code of the error. */
const attempt = (run) => {
  try {
    run()
    return "done"
  } catch (error) {
    return error.code ?? error.message
  }
}

const reach = (port) =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, timeout: 2000 })
    socket.once("connect", () => resolve("done"))
    socket.once("timeout", () => resolve("timeout"))
    socket.once("error", (error) => resolve(error.code))
  })

const answers = {
  try: async ({ allowed, forbidden, port, target }) => ({
    environment: Object.keys(process.env),
    read: attempt(() => readFileSync(allowed)),
    readElse: attempt(() => readFileSync(forbidden)),
    write: attempt(() => writeFileSync(target, "x")),
    start: attempt(() => spawnSync("/bin/true")),
    thread: attempt(() => new Worker("", { eval: true })),
    network: await reach(port)
  }),
  hang: () => new Promise(() => setInterval(() => {}, 1000)),
  spin: () => {
    for (;;);
  },
  grow: async () => {
    const kept = []
    for (;;) {
      kept.push(Buffer.alloc(16 * 2 ** 20, 1))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  },
  talk: () => ({ words: "x".repeat(3_000_000) }),
  babble: () => new Promise(() => new Socket({ fd: 3 }).end("no JSON", () => process.exit(0))),
  die: () => process.abort(),
  end: () => process.exit(3)
}

answerOnce((request) => Promise.resolve(answers[request.what](request)))
