import { describe, expect, layer } from "@effect/vitest"
import { Zone } from "@vigil/core/geometry/Zone"
import { defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Effect, Redacted } from "effect"
import { newCamera, otherTenant, secondTenant } from "../Samples.js"
import { FakeRuntime } from "./FakePorts.js"
import { rpcClient } from "./RpcVisitor.js"
import { layerTestServer, TestServer } from "./TestServer.js"

const local = ["file:///etc/passwd", "FILE:///etc/passwd", " v4l2:///dev/video0"]

const credentials = { username: "u", password: "p" }

const corner = (x: number, y: number) => ({ x, y })
const window = { name: "window", polygon: [corner(0, 0), corner(0.4, 0), corner(0.4, 0.4)] }
const desk = { name: "desk", polygon: [corner(0.5, 0.5), corner(1, 0.5), corner(1, 1)] }

describe("credentials and sources", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("files and devices of this machine are for administrators, over HTTP", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { id } = yield* (yield* CameraStore).create(defaultTenant, newCamera())
        const file = yield* (yield* CameraStore).create(defaultTenant, newCamera({ url: "file:///a.mp4" }))
        const ask = (cookie: string, method: string, path: string, body: unknown) =>
          visit({ method, path: `/api/v1/cameras${path}`, body, cookie })
        for (const url of local) {
          for (const [method, path, body] of [
            ["POST", "", { name: "x", url: url.trim() }],
            ["PATCH", `/${id}`, { url: url.trim() }],
            ["POST", "/probe", { camera: { name: "x", url: url.trim() } }]
          ] as const) {
            const refused = yield* ask(cookies.supervisor, method, path, body)
            expect(refused.status, `${method} ${path} ${url}`).toBe(403)
            expect(refused.json).toMatchObject({ detail: expect.stringContaining("file or device of this machine") })
          }
        }
        for (const body of [{ name: "renamed" }, { url: "rtsp://192.0.2.1/" }]) {
          expect((yield* ask(cookies.supervisor, "PATCH", `/${file.id}`, body)).status).toBe(403)
        }
        expect((yield* ask(cookies.admin, "POST", "", { name: "x", url: local[0] })).status).toBe(201)
        expect((yield* ask(cookies.admin, "PATCH", `/${id}`, { url: "v4l2:///dev/video0" })).status).toBe(200)
        expect((yield* ask(cookies.admin, "POST", "/probe", { camera: { name: "x", url: local[0] } })).status).toBe(502)
      })
    )

    it.scoped("files and devices of this machine are for administrators, over RPC", () =>
      Effect.gen(function* () {
        const { cookies } = yield* TestServer
        const { id } = yield* (yield* CameraStore).create(defaultTenant, newCamera())
        const supervisor = yield* rpcClient(cookies.supervisor)
        const admin = yield* rpcClient(cookies.admin)
        for (const text of local) {
          const camera = newCamera({ url: text.trim() })
          for (const call of [
            supervisor.CreateCamera({ camera }),
            supervisor.ConfigureCamera({ id, patch: { url: camera.url } }),
            supervisor.ProbeSource({ camera, seconds: 1 })
          ]) {
            expect(yield* Effect.flip<unknown, unknown, never>(call), text).toMatchObject({ _tag: "Forbidden", needed: "admin" })
          }
          yield* admin.CreateCamera({ camera })
        }
      })
    )

    it.effect("refuses to take a camera's password to another host, in words", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { id } = yield* (yield* CameraStore).create(defaultTenant, newCamera({ url: "rtsp://u:p@192.0.2.1/1" }))
        const path = `/api/v1/cameras/${id}`
        const cookie = cookies.supervisor
        const refused = yield* visit({ method: "PATCH", path, cookie, body: { url: "rtsp://192.0.2.2/1" } })
        expect(refused.status).toBe(400)
        expect(refused.json).toMatchObject({
          type: "urn:vigil:problem:source-unauthorized",
          detail: expect.stringContaining("give the user name and password again"),
          errors: [{ pointer: "/url" }]
        })
        const given = { url: "rtsp://192.0.2.2/1", credentials }
        expect((yield* visit({ method: "PATCH", path, cookie, body: given })).status).toBe(200)
      })
    )

    it.scoped("passwords in addresses are for nobody, and in no file", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const url = "http://192.0.2.9/video.cgi?user=u&pwd=geheim"
        const { id } = yield* (yield* CameraStore).create(defaultTenant, newCamera({ url }))
        const answers = (cookie: string) =>
          Effect.gen(function* () {
            const rpc = yield* rpcClient(cookie)
            const pages = yield* Effect.forEach([`/cameras/${id}`, "/cameras?limit=500"], (path) =>
              Effect.map(visit({ path: `/api/v1${path}`, cookie }), ({ text }) => text)
            )
            return [...pages, JSON.stringify(yield* rpc.GetCamera({ id })), JSON.stringify(yield* rpc.ListCameras())]
          })
        for (const cookie of [cookies.operator, cookies.supervisor, cookies.admin]) {
          for (const text of yield* answers(cookie)) {
            expect(text).toContain("video.cgi?user=***&pwd=***")
            expect(text).not.toContain("geheim")
          }
        }
        const file = yield* visit({ path: "/api/v1/cameras/export.csv", cookie: cookies.supervisor })
        expect(file.text).toContain("video.cgi")
        expect(file.text).not.toContain("geheim")
      })
    )

    it.scoped("probes with a camera's stored credentials at its own host and port only", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const { cookies, visit } = yield* TestServer
        const { probed } = yield* FakeRuntime
        const store = yield* CameraStore
        const ours = yield* store.create(defaultTenant, newCamera({ url: "rtsp://root:secret@192.0.2.1:8554/1" }))
        const theirs = yield* store.create(otherTenant, newCamera({ url: "rtsp://root:secret@192.0.2.1:8554/1" }))
        const rpc = yield* rpcClient(cookies.supervisor)
        const used = (call: Effect.Effect<unknown, unknown>) =>
          Effect.gen(function* () {
            probed.length = 0
            const answer = yield* Effect.flip(call)
            const [config] = probed
            return config === undefined ? answer : config.credentials && Redacted.value(config.credentials.password)
          })
        const probe = (url: string, cameraId = ours.id) =>
          used(rpc.ProbeSource({ camera: newCamera({ url }), seconds: 1, cameraId }))
        expect(yield* probe("rtsp://192.0.2.1:8554/2")).toBe("secret")
        expect(yield* probe("rtsp://192.0.2.1/2")).toBeUndefined()
        expect(yield* probe("rtsp://192.0.2.2:8554/2")).toBeUndefined()
        expect(yield* probe("rtsp://root:mine@192.0.2.1:8554/2")).toBe("mine")
        expect(yield* probe("rtsp://192.0.2.1:8554/2", theirs.id)).toMatchObject({ _tag: "CameraNotFound" })
        probed.length = 0
        const body = { camera: { name: "x", url: "rtsp://192.0.2.1:8554/3" }, cameraId: ours.id }
        const answer = yield* visit({ method: "POST", path: "/api/v1/cameras/probe", cookie: cookies.supervisor, body })
        expect(answer.status).toBe(502)
        expect(answer.text).not.toContain("secret")
        expect(probed[0]?.credentials && Redacted.value(probed[0].credentials.password)).toBe("secret")
      })
    )

    it.scoped("what privacy masks hide is shown by administrators alone, whichever way it is tried", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const store = yield* CameraStore
        const url = "rtsp://192.0.2.50/1"
        const { id } = yield* store.create(defaultTenant, newCamera({ url, masks: [window] }))
        const other = yield* store.create(defaultTenant, newCamera({ url: "rtsp://192.0.2.51/1" }))
        const path = `/cameras/${id}`
        const ask = (cookie: string, method: string, at: string, body?: unknown) =>
          visit({ method, path: `/api/v1${at}`, body, cookie })
        const masksOf = Effect.map(store.get(defaultTenant, id), ({ masks }) => masks.map(({ name }) => name))
        const bulk = { ids: [id], change: { action: "delete" } }
        const refusals = [
          ["PATCH", path, { masks: [] }],
          ["PATCH", path, { masks: [desk] }],
          ["PATCH", path, { masks: [{ ...window, polygon: window.polygon.map(({ x, y }) => ({ x: x / 2, y })) }] }],
          ["POST", `/history/camera/${other.id}/rollback`, { revision: 1 }],
          ["DELETE", path, undefined],
          ["POST", "/cameras", { name: "again", url }],
          ["POST", "/cameras", { name: "again", url: "rtsp://u:p@192.0.2.50/1", masks: [desk] }],
          ["PATCH", `/cameras/${other.id}`, { url, masks: [desk] }]
        ] as const
        // A version from before its masks, which `other` can go back to.
        yield* ask(cookies.admin, "PATCH", `/cameras/${other.id}`, { masks: [desk] })
        for (const [method, at, body] of refusals) {
          const answer = yield* ask(cookies.supervisor, method, at, body)
          expect(answer.status, `${method} ${at} ${JSON.stringify(body)}: ${answer.text}`).toBe(403)
          expect(answer.text).toMatch(/privacy mask.* needs the role admin; yours is supervisor/)
        }
        expect((yield* ask(cookies.supervisor, "POST", "/cameras/bulk", bulk)).text).toMatch(
          /privacy mask.* needs the role admin/
        )
        const sheet = new TextEncoder().encode(`name,url\nagain,${url}\n`)
        const imported = yield* visit({
          method: "POST",
          path: "/api/v1/cameras/import",
          body: sheet,
          headers: { "content-type": "application/octet-stream" },
          cookie: cookies.supervisor
        })
        expect(imported.text).toContain("has this address already")
        const supervisor = yield* rpcClient(cookies.supervisor)
        for (const call of [
          supervisor.ConfigureCamera({ id, patch: { masks: [] } }),
          supervisor.CreateCamera({ camera: newCamera({ url }) })
        ]) {
          expect(yield* Effect.flip<unknown, unknown, never>(call)).toMatchObject({ _tag: "Forbidden", needed: "admin" })
        }
        expect(yield* masksOf).toEqual(["window"])
        // Masks may be added and called otherwise, and the rest changed.
        const renamed = { ...window, name: "neighbour" }
        expect((yield* ask(cookies.supervisor, "PATCH", path, { masks: [desk, renamed], name: "Gate 2" })).status).toBe(200)
        expect(yield* masksOf).toEqual(["desk", "neighbour"])
        expect((yield* ask(cookies.supervisor, "POST", "/cameras", { name: "again", url, masks: [window, desk] })).status).toBe(
          201
        )
        expect((yield* ask(cookies.admin, "PATCH", path, { masks: [] })).status).toBe(200)
        const trail = yield* ask(cookies.admin, "GET", `/audit?subjectId=${id}&limit=1`)
        expect(trail.json).toMatchObject({
          entries: [
            { action: "camera.update", actor: { username: "root" }, before: { masks: [desk, renamed] }, after: { masks: [] } }
          ]
        })
        expect((yield* ask(cookies.supervisor, "DELETE", path)).status).toBe(204)
        // Cameras that publish to Vigil have no address of their own.
        for (const masks of [[window], []]) {
          expect((yield* ask(cookies.supervisor, "POST", "/cameras", { name: "pushed", url: "whip:", masks })).status).toBe(201)
        }
        // A camera that was removed comes back with what it hid last.
        const second = `/cameras/${other.id}`
        expect((yield* ask(cookies.admin, "DELETE", second)).status).toBe(204)
        const revive = (cookie: string, revision: number) =>
          ask(cookie, "POST", `/history/camera/${other.id}/rollback`, { revision })
        const refused = yield* revive(cookies.supervisor, 1)
        expect(refused.status, refused.text).toBe(403)
        expect(refused.text).toMatch(/privacy mask.* needs the role admin/)
        expect((yield* revive(cookies.supervisor, 2)).json).toMatchObject({ restored: true })
        expect((yield* store.get(defaultTenant, other.id)).masks).toEqual([new Zone(desk)])
      })
    )

    it.effect("privacy masks of strange shapes are refused with what is wrong; the largest ones are taken", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { id } = yield* (yield* CameraStore).create(defaultTenant, newCamera({ url: "rtsp://192.0.2.52/1" }))
        const ask = (masks: unknown) =>
          visit({ method: "PATCH", path: `/api/v1/cameras/${id}`, body: { masks }, cookie: cookies.supervisor })
        const circle = (corners: number, radius = 0.5) =>
          Array.from({ length: corners }, (_, at) => {
            const angle = (at / corners) * 2 * Math.PI
            return corner(0.5 + radius * Math.cos(angle), 0.5 + radius * Math.sin(angle))
          })
        const square = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)]
        const [a, b, c, d] = square
        const strange: ReadonlyArray<readonly [string, unknown, RegExp]> = [
          ["crosses itself", [a, c, b, d], /edges must not cross/],
          ["has no area", [corner(0.1, 0.1), corner(0.5, 0.5), corner(0.9, 0.9)], /must enclose an area/],
          ["is one point", [a, a, a], /must enclose an area/],
          ["is a line", [a, b], /at least 3/],
          ["lies outside", circle(8, 0.6), /between 0 and 1/],
          ["has a thousand corners", circle(1000), /at most 64/],
          ["has ten thousand corners", circle(10_000), /at most 64/],
          ["has no numbers", [{ x: "0", y: 0 }, b, c], /number/],
          ["has none", null, /array|null/i]
        ]
        for (const [name, polygon, why] of strange) {
          const answer = yield* ask([{ name, polygon }])
          expect(answer.status, `${name}: ${answer.text}`).toBe(400)
          expect(answer.text.slice(0, 2000), name).toMatch(why)
          expect(answer.json).toMatchObject({ errors: [{ pointer: expect.stringMatching(/^\/masks\/0\/polygon/) }] })
        }
        const many = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `mask ${at}`, polygon: circle(64) }))
        expect((yield* ask(many(33))).text).toMatch(/at most 32/)
        expect((yield* ask(many(32))).status).toBe(200)
        // A sliver of a thousandth of the picture's width is a mask.
        const sliver = { name: "sliver", polygon: [corner(0.5, 0), corner(0.501, 0), corner(0.501, 1)] }
        expect(
          (yield* visit({
            method: "POST",
            path: "/api/v1/cameras",
            cookie: cookies.supervisor,
            body: { name: "x", url: "rtsp://192.0.2.53/", masks: [sliver] }
          })).status
        ).toBe(201)
      })
    )
  })
})
