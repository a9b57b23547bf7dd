import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { type AddressInfo, createServer } from "node:net"
import { argumentsOf, eventually, runningVigil, vigil } from "./Vigil.js"

/** Takes connections and says nothing. */
const silence = Effect.acquireRelease(
  Effect.async<{ readonly port: number; readonly close: () => void }>((resume) => {
    const server = createServer((socket) => socket.on("error", () => socket.destroy()))
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({ port, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

describe("a secret in an address on the command line", () => {
  it.scopedLive("is not in the list of processes while the command runs, which says where it belongs", () =>
    Effect.gen(function* () {
      const { port } = yield* silence
      const url = `rtsp://ann:geheim@127.0.0.1:${port}/live?token=verborgen`
      const running = yield* runningVigil(["probe", url, "--transport", "tcp"])
      const { pid = 0 } = running.process
      const told = yield* eventually("it warns", () => running.printed().stderr || undefined)
      expect(told).toMatch(/^vigil: the password in the address stood in the list of processes: .*--password-file.*\n$/)
      const shown = argumentsOf(pid)
      expect(shown.trim()).toBe("vigil probe rtsp://*** --transport tcp")
      expect(told).not.toMatch(/geheim|verborgen/)
    })
  )

  it.effect("is not in what is printed, and warned of once", () =>
    Effect.gen(function* () {
      for (const command of [["probe"], ["analyze"]]) {
        const { stderr, stdout } = yield* vigil([...command, "rtsp://127.0.0.1:1/live?user=ann&pwd=geheim"])
        expect(stderr.match(/list of processes: take - /g)).toHaveLength(1)
        expect(stderr).toContain("rtsp://127.0.0.1:1/live?user=***&pwd=***")
        expect(stderr + stdout.toString()).not.toContain("geheim")
      }
      const none = yield* vigil(["probe", "rtsp://ann@127.0.0.1:1/live?channel=1"])
      expect(none.stderr).not.toContain("list of processes")
    })
  )
})
