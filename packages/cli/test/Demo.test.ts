import { describe, expect, it } from "@effect/vitest"
import { sceneFiles } from "@vigil/fixtures/scene/SceneFile"
import { scenes } from "@vigil/fixtures/scene/SceneLibrary"
import { DemoSummary } from "@vigil/cli/demo/DemoSummary"
import { Effect, Schema } from "effect"
import { createServer } from "node:net"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import {
  eventually,
  firstLine,
  isAlive,
  processTree,
  type Running,
  runningVigil,
  temporaryFolder,
  vigil,
  vigilJson,
  vigilProcess
} from "./Vigil.js"

const processes = () => readdirSync("/proc").filter((name) => /^\d+$/.test(name))

const simulated = (demo: Running) =>
  eventually("simulated cameras", () => (demo.printed().stderr.includes("cameras are simulated") ? true : undefined), 90_000)

/** The demonstration's processes when all of it runs: node, database, simulator, media workers. */
const allProcesses = (demo: Running) =>
  eventually("a media worker", () => {
    const tree = processTree(demo.process.pid ?? 0, processes())
    return demo.printed().stderr.includes('"camera is Streaming"') ? tree : undefined
  })

const gone = (tree: ReadonlyArray<number>) =>
  eventually("the end of all processes", () => (tree.some(isAlive) ? undefined : true), 30_000)

/** A port that is in use until the scope closes. */
const busyPort = Effect.acquireRelease(
  Effect.async<{ readonly port: number; readonly close: () => void }>((resume) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed({ port: typeof address === "object" ? (address?.port ?? 0) : 0, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

describe("vigil demo", () => {
  it.scoped(
    "ends by itself with a summary, and leaves nothing behind",
    () =>
      Effect.gen(function* () {
        yield* sceneFiles(scenes)
        const folder = yield* temporaryFolder
        const demo = yield* runningVigil(["demo", "--for", "8s", "--json"], { VIGIL_DATA: folder })
        const { url } = (yield* firstLine(demo)) as { readonly url: string }
        expect((yield* Effect.promise(() => fetch(`${url}/health/live`))).status).toBe(200)
        yield* simulated(demo)
        const tree = yield* allProcesses(demo)
        expect(tree.length).toBeGreaterThan(5)

        const asked = yield* vigil(["camera", "list", "--json"], { VIGIL_DATA: folder })
        expect(asked.stderr).toContain(`the demo in ${join(folder, "demo")}`)
        expect(JSON.parse(asked.stdout.toString())).toHaveLength(4)

        const { code, stdout } = yield* Effect.promise(() => demo.ended)
        expect(code).toBe(0)
        const summary = Schema.decodeSync(Schema.parseJson(DemoSummary))(stdout.toString().trim().split("\n").at(-1) ?? "")
        expect(summary).toMatchObject({ cameras: 4, streaming: 4 })
        expect(summary.framesDecoded).toBeGreaterThan(100)
        expect(summary.detections).toBeGreaterThan(0)
        expect(summary.latencyMsP95).toBeGreaterThanOrEqual(summary.latencyMsP50 ?? Number.NaN)
        yield* gone(tree)
        expect(existsSync(join(folder, "demo", "operator.json"))).toBe(false)
      }),
    400_000
  )

  it.scoped(
    "ends in order on a signal, and with all its processes when it is killed",
    () =>
      Effect.gen(function* () {
        yield* sceneFiles(scenes)
        const folder = yield* temporaryFolder
        const environment = { VIGIL_DATA: folder }
        for (const { code, signal } of [
          { signal: "SIGINT", code: 0 },
          { signal: "SIGTERM", code: 0 },
          { signal: "SIGKILL", code: null }
        ] as const) {
          const demo = yield* runningVigil(["demo"], environment)
          yield* simulated(demo)
          const tree = yield* allProcesses(demo)
          expect(yield* vigilJson(["status"], environment)).toHaveProperty("cameras")
          demo.process.kill(signal)
          expect((yield* Effect.promise(() => demo.ended)).code, signal).toBe(code)
          yield* gone(tree)
        }
        const alone = yield* vigil(["status"], environment)
        expect(alone.code).toBe(1)
        expect(alone.stderr).toContain("no Vigil is running with the data folder")
      }),
    400_000
  )

  it.scoped(
    "says in a sentence that its port is in use",
    () =>
      Effect.gen(function* () {
        const { port } = yield* busyPort
        const { code, stderr } = yield* vigilProcess(["demo"], { VIGIL_DATA: yield* temporaryFolder, VIGIL_PORT: String(port) })
        expect(code).toBe(1)
        expect(stderr).toContain(`vigil: 127.0.0.1:${port} is in use: stop what listens there, or set VIGIL_PORT\n`)
      }),
    400_000
  )
})
