import { describe, expect, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { existsSync, readFileSync, statSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { Site } from "../Site.js"
import { until } from "../Vigil.js"

const mask = { name: "window", polygon: [0, 1, 2].map((corner) => ({ x: corner === 1 ? 0.5 : 0, y: corner === 2 ? 0.5 : 0 })) }

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

const Workers = Schema.Array(
  Schema.Struct({
    name: Schema.String,
    status: Schema.String,
    runtime: Schema.NullOr(
      Schema.Struct({
        alert: Schema.Boolean,
        worker_status: Schema.String,
        health_status: Schema.String,
        error_count: Schema.Number
      })
    )
  })
)
const decodeWorkers = Schema.decodeUnknownSync(Workers)

describe("the commands about cameras", () => {
  layer(Site.layer, { timeout: 300_000, excludeTestServices: true })((it) => {
    it.scoped(
      "bring many cameras in, sort them, and write them out",
      () =>
        Effect.gen(function* () {
          const { call, file, folder, json } = yield* Site
          const workbook = join(folder, "out.xlsx")
          const csv = yield* file(
            "cameras.csv",
            "name;url;username;password;enabled;place\nGate;rtsp://192.0.2.1/1;u;hush;no;North/Hall\nYard;rtsp://192.0.2.1/2;;;no;\nBad;nothing;;;;\n"
          )
          yield* json("place", "add", "North")
          yield* json("place", "add", "North/Hall")
          expect(yield* json("place", "list")).toMatchObject([
            { path: "North", kind: "site" },
            { path: "North/Hall", kind: "building" }
          ])
          const dry = yield* call("camera", "import", csv, "--dry-run")
          expect(dry).toMatchObject({ code: 1 })
          expect(dry.stdout.toString()).toMatch(/4 +url +.*\n2 of 3 rows can be added/)
          expect(yield* json("camera", "import", csv, "--good-rows")).toMatchObject({ rows: 3, added: 2 })
          expect(yield* json("camera", "tag", "Gate", "Yard", "--tag", "outside")).toMatchObject([{ done: true }, { done: true }])
          expect(yield* json("camera", "move", "Yard", "--place", "North")).toMatchObject([{ done: true }])
          expect(yield* json("camera", "list")).toMatchObject([
            { name: "Gate", tags: ["outside"], hasCredentials: true },
            { name: "Yard", tags: ["outside"] }
          ])
          expect(yield* json("camera", "list", "--place", "North/Hall", "--tag", "outside")).toMatchObject([{ name: "Gate" }])
          expect(yield* json("camera", "list", "--place", "North", "--descending")).toMatchObject([
            { name: "Yard" },
            { name: "Gate" }
          ])
          expect(yield* json("camera", "list", "--search", "YAR", "--enabled", "yes")).toEqual([])
          expect(yield* json("place", "rename", "North/Hall", "Hall 2")).toMatchObject({ name: "Hall 2", revision: 2 })
          yield* json("place", "add", "South")
          expect((yield* call("place", "move", "North/Hall 2", "South")).stdout.toString()).toBe(
            "North/Hall 2 is South/Hall 2 now.\n"
          )
          yield* json("place", "move", "South/Hall 2", "North")
          expect(yield* call("place", "remove", "North/Hall 2")).toMatchObject({
            code: 1,
            stderr: expect.stringMatching(/holds 1 camera/)
          })
          yield* json("camera", "export", workbook)
          expect(readFileSync(workbook).subarray(0, 2).toString()).toBe("PK")
          const again = yield* call("camera", "import", workbook, "--dry-run", "--json")
          expect(JSON.parse(again.stdout.toString())).toMatchObject({ rows: 2, good: 0 })
          expect(yield* call("camera", "export", "x.pdf")).toMatchObject({ code: 2 })
        }),
      400_000
    )

    it.scoped(
      "draw masks, erase with a report, and hand out what is kept",
      () =>
        Effect.gen(function* () {
          const { call, file, folder, json } = yield* Site
          const at = (name: string) => join(folder, name)
          const masks = yield* file("masks.json", JSON.stringify([mask]))
          const crossed = yield* file(
            "crossed.json",
            JSON.stringify([{ name: "x", polygon: [...mask.polygon, { x: 0.5, y: 0.5 }] }])
          )
          const add = ["camera", "add", "Lobby", "rtsp://192.0.2.1/1", "--no-probe", "--disabled"]
          expect(yield* json(...add, "--masks", masks)).toMatchObject({ masks: [mask] })
          expect(yield* call("camera", "edit", "Lobby", "--masks", crossed)).toMatchObject({
            code: 2,
            stderr: expect.stringMatching(/edges must not cross/)
          })
          expect(yield* json("camera", "edit", "Lobby", "--no-masks")).toMatchObject({ masks: [] })
          expect(yield* json("camera", "edit", "Lobby", "--masks", masks)).toMatchObject({ masks: [mask] })

          const reason = ["--reason", "Request 17"]
          expect(yield* call("privacy", "erase", ...reason)).toMatchObject({
            code: 2,
            stderr: expect.stringMatching(/say which/)
          })
          expect(yield* json("privacy", "erase", "--camera", "Lobby", ...reason, "--dry-run")).toMatchObject({ events: 0 })
          const erased = yield* json("privacy", "erase", "--since", "2026-01-01", "--until", "1h", "--camera", "Lobby", ...reason)
          expect(erased).toMatchObject({ reason: "Request 17", finishedAt: expect.any(String), erased: { events: 0 } })
          const { id } = Schema.decodeUnknownSync(Schema.Struct({ id: Schema.String }))(erased)
          expect((yield* call("privacy", "report", id)).stdout.toString()).toMatch(
            /asked for by .* done. Reason: Request 17[^]*There are no such events[^]*What is not erased/
          )
          expect((yield* call("privacy", "erase", "--since", "1d", ...reason)).stdout.toString()).toMatch(
            /There are no such events/
          )
          const listed = yield* call("privacy", "erasures")
          expect(listed.stdout.toString().match(/done +Request 17/g)).toHaveLength(2)
          expect(yield* call("privacy", "erase", "--person-of", crypto.randomUUID(), ...reason)).toMatchObject({ code: 1 })

          expect(yield* json("privacy", "export", at("all.zip"))).toMatchObject({ bytes: expect.any(Number) })
          expect(readFileSync(at("all.zip")).subarray(0, 2).toString()).toBe("PK")
          expect(statSync(at("all.zip")).mode & 0o777).toBe(0o600)
          expect(yield* call("privacy", "export", at("all.zip"))).toMatchObject({
            code: 1,
            stderr: expect.stringMatching(/EEXIST/)
          })
          expect(yield* call("privacy", "export", at("nobody.zip"), "--user", "nobody")).toMatchObject({ code: 1 })
          expect(existsSync(at("nobody.zip"))).toBe(false)
        }),
      400_000
    )

    it.scoped(
      "tell of a camera with a wrong password everywhere, and an external worker reports with its token only",
      () =>
        Effect.gen(function* () {
          const { call, json, url } = yield* Site
          const { asked, port } = yield* lockedCamera
          yield* json("camera", "add", "Locked", `rtsp://127.0.0.1:${port}/live`, "--no-probe")
          const { id } = (yield* json("camera", "add", "Elsewhere", "rtsp://192.0.2.7/", "--no-probe", "--disabled")) as {
            readonly id: string
          }

          const workers = Effect.map(json("camera", "runtime"), decodeWorkers)
          const known = yield* until(
            "a person is called for, and every camera is known",
            workers,
            (all) => all.every(({ runtime }) => runtime !== null) && all.some(({ runtime }) => runtime?.alert === true)
          )
          expect(known.filter(({ name }) => name === "Elsewhere" || name === "Locked")).toMatchObject([
            { name: "Elsewhere", status: "disabled", runtime: { worker_status: "stopped", health_status: "unknown" } },
            { name: "Locked", status: "enabled", runtime: { alert: true, error_count: 1, health_status: "unhealthy" } }
          ])
          const before = asked()
          expect(yield* json("camera", "list", "--search", "Locked")).toMatchObject([
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
      400_000
    )
  })
})
