import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { createServer } from "node:net"
import { join } from "node:path"
import { firstLine, runningVigil, temporaryFolder, vigil, vigilJson } from "../Vigil.js"

/** A camera that wants a password, whatever it is given. */
const lockedCamera = Effect.acquireRelease(
  Effect.async<{ readonly port: number; readonly close: () => void; readonly asked: () => number }>((resume) => {
    let asked = 0
    const server = createServer((socket) => {
      socket.on("error", () => undefined)
      socket.on("data", (data) => {
        asked++
        const sequence = /CSeq: *(\d+)/i.exec(data.toString())?.[1] ?? "1"
        socket.end(`RTSP/1.0 401 Unauthorized\r\nCSeq: ${sequence}\r\nWWW-Authenticate: Basic realm="camera"\r\n\r\n`)
      })
    })
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      resume(Effect.succeed({ port, close: () => server.close(), asked: () => asked }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

interface Listed {
  readonly name: string
  readonly runtime: { readonly alert: boolean } | null
}

describe("the camera manager's commands", () => {
  it.scopedLive(
    "a camera with a wrong password calls for a person everywhere, and an external worker reports with its token only",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const environment = { VIGIL_DATA: join(folder, "data") }
        const call = (...args: ReadonlyArray<string>) => vigil(args, environment)
        const json = (...args: ReadonlyArray<string>) => vigilJson(args, environment)
        const server = yield* runningVigil(["up", "--json"], environment)
        const { url } = (yield* firstLine(server)) as { readonly url: string }
        const { asked, port } = yield* lockedCamera
        yield* json("camera", "add", "Locked", `rtsp://127.0.0.1:${port}/live`, "--no-probe")
        const { id } = (yield* json("camera", "add", "Elsewhere", "rtsp://192.0.2.7/", "--no-probe", "--disabled")) as {
          readonly id: string
        }

        let workers: ReadonlyArray<Listed> = []
        for (let looks = 0; looks < 60 && workers.find(({ name }) => name === "Locked")?.runtime?.alert !== true; looks++) {
          workers = (yield* json("camera", "runtime")) as ReadonlyArray<Listed>
        }
        expect(workers).toMatchObject([
          { name: "Elsewhere", status: "disabled", runtime: { worker_status: "stopped", health_status: "unknown" } },
          { name: "Locked", status: "enabled", runtime: { alert: true, error_count: 1, health_status: "unhealthy" } }
        ])
        const before = asked()
        expect(yield* json("camera", "list")).toMatchObject([
          { name: "Elsewhere" },
          { name: "Locked", health: "unhealthy", alert: true }
        ])
        expect((yield* call("camera", "list")).stdout.toString()).toMatch(/Locked +\S+ +yes +unhealthy, alert/)
        expect((yield* call("camera", "status")).stdout.toString()).toMatch(
          /Locked +failed .*ALERT, needs a person: unauthorized/
        )
        expect((yield* call("status")).stdout.toString()).toMatch(/camera manager +warn +1 worker, 1 needs a person/)
        expect(asked(), "an account that is asked again and again is locked").toBe(before)

        const { token, id: tokenId } = (yield* json("camera", "worker-token", "make", "pipeline", "--camera", "Elsewhere")) as {
          readonly token: string
          readonly id: string
        }
        expect(yield* json("camera", "worker-token", "list")).toMatchObject([{ id: tokenId, name: "pipeline", cameraId: id }])
        const beat = Effect.promise(() =>
          fetch(`${url}/api/v1/cameras/${id}/heartbeat`, {
            method: "POST",
            headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
            body: JSON.stringify({ status: "running", health_info: { fps: 1 }, pod_name: "pod-7" })
          })
        )
        expect((yield* beat).status).toBe(200)
        expect((yield* call("camera", "runtime")).stdout.toString()).toMatch(
          /Elsewhere +pod-7 \(external\) +running +healthy +\d+ s ago/
        )
        expect((yield* call("camera", "worker-token", "revoke", tokenId)).code).toBe(0)
        expect((yield* beat).status).toBe(401)
      }),
    120_000
  )
})
