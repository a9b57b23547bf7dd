import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { askSandboxed, type SandboxLimits } from "@vigil/runtime/model/Sandbox"
import { Effect } from "effect"
import { type Folder, temporaryFolder } from "../material/Models.js"

const program = new URL("../material/SandboxProbe.mjs", import.meta.url)

const ask = (request: object, limits: Partial<SandboxLimits> = {}, files: ReadonlyArray<string> = []) =>
  askSandboxed({ program, request, files, limits: { time: 20_000, memory: 2 ** 31, ...limits } })

const fault = (what: string, limits: Partial<SandboxLimits> = {}) =>
  Effect.map(Effect.flip(ask({ what }, limits)), ({ message }) => message)

/** Containers may keep ordinary programs from making a network of their own. */
const isolates = spawnSync("unshare", ["--user", "--net", "--ipc", "true"]).status === 0

describe("a program in the sandbox", () => {
  let folder: Folder
  let port = 0
  const server = createServer((socket) => socket.destroy())

  beforeAll(async () => {
    folder = await temporaryFolder()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address()
    if (address !== null && typeof address === "object") ({ port } = address)
  })

  afterAll(async () => {
    server.close()
    await folder[Symbol.asyncDispose]()
  })

  it.live("reads its file, and can do nothing else", () =>
    Effect.gen(function* () {
      process.env["VIGIL_TEST_SECRET"] = "hunter2"
      const allowed = yield* Effect.promise(() => folder.write("allowed", Uint8Array.of(1)))
      const forbidden = yield* Effect.promise(() => folder.write("forbidden", Uint8Array.of(1)))
      const target = join(folder.path, "written")
      const denied = "ERR_ACCESS_DENIED"
      const answer = yield* ask({ what: "try", allowed, forbidden, target, port }, {}, [allowed])
      expect(answer).toMatchObject({
        environment: [],
        read: "done",
        readElse: denied,
        write: denied,
        start: denied,
        thread: denied
      })
      expect(existsSync(target)).toBe(false)
      delete process.env["VIGIL_TEST_SECRET"]
    })
  )

  describe.skipIf(!isolates)("[needs namespaces of ordinary programs]", () => {
    it.live("has no network", () =>
      Effect.gen(function* () {
        const file = yield* Effect.promise(() => folder.write("file", Uint8Array.of(1)))
        const answer = yield* ask({ what: "try", allowed: file, forbidden: file, target: join(folder.path, "w"), port }, {}, [
          file
        ])
        expect(answer).toMatchObject({ read: "done", network: expect.stringMatching(/^(E|timeout)/) })
      })
    )
  })

  it.live("is ended when it takes too long, asleep or awake", () =>
    Effect.gen(function* () {
      expect(yield* fault("hang", { time: 800 })).toContain("did not finish a test run within 0.8 s")
      expect(yield* fault("spin", { time: 800 })).toContain("did not finish")
    })
  )

  it.live("is ended when it takes too much memory, and cannot take this process with it", () =>
    Effect.gen(function* () {
      expect(yield* fault("grow", { memory: 300 * 2 ** 20 })).toContain("takes more than 300 MiB of memory")
      expect(yield* fault("die")).toContain("ended with SIGABRT")
      expect(yield* fault("end")).toContain("ended with code 3")
    })
  )

  it.live("is not listened to when it says too much, or nonsense", () =>
    Effect.gen(function* () {
      expect(yield* fault("talk")).toContain("answered too much")
      expect(yield* fault("babble")).toContain("something else")
    })
  )
})
