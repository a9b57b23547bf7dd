import { describe, expect, layer } from "@effect/vitest"
import type { Camera } from "@vigil/core/Camera"
import { ObjectDifference, ObjectHistory } from "@vigil/core/ObjectHistory"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { RemovedObject } from "@vigil/core/RemovedObject"
import { Rollback } from "@vigil/core/Rollback"
import type { User } from "@vigil/core/User"
import { Effect, Schema } from "effect"
import { newCamera, otherTenant, secondTenant } from "../Samples.js"
import { rpcClient } from "./RpcVisitor.js"
import { rollbackOf } from "./rollback/RollbackCases.js"
import { layerTestServer, password, TestServer } from "./TestServer.js"

const decodeHistory = Schema.decodeUnknownSync(ObjectHistory)
const decodeRemoved = Schema.decodeUnknownSync(Schema.Array(RemovedObject))
const decodeRollback = Schema.decodeUnknownSync(Rollback)
const decodeDifference = Schema.decodeUnknownSync(ObjectDifference)

const asking = Effect.map(
  TestServer,
  ({ cookies, visit }) =>
    (method: string, path: string, body?: unknown, cookie = cookies.supervisor, headers = {}) =>
      visit({ method, path: `/api/v1${path}`, body, cookie, headers })
)

describe("the history of what is configured", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("has every version of a camera with its author, and what two of them differ in", () =>
      Effect.gen(function* () {
        const ask = yield* asking
        const camera = (yield* ask("POST", "/cameras", { name: "Gate", url: "rtsp://u:hunter2@192.0.2.1/?pwd=hunter3" }))
          .json as Camera
        const path = `/cameras/${camera.id}`
        yield* ask("PATCH", path, { name: "Door", enabled: false })
        yield* ask("PATCH", path, { credentials: { username: "u", password: "hunter4" } })
        yield* ask("POST", `${path}/publish-token`)
        const answer = yield* ask("GET", `/history/camera/${camera.id}`)
        const { versions } = decodeHistory(answer.json)
        expect(versions.map(({ action, actor, changed, revision }) => [revision, actor.username, action, changed])).toEqual([
          [3, "supervisor", "camera.update", ["credentials"]],
          [2, "supervisor", "camera.update", expect.arrayContaining(["name", "enabled"])],
          [1, "supervisor", "camera.create", expect.arrayContaining(["name", "url", "zones"])]
        ])
        expect(versions[0]?.values).toMatchObject({ name: "Door", enabled: false, transport: "auto" })
        expect(versions[2]?.values).toMatchObject({ name: "Gate", enabled: true })
        const difference = yield* ask("GET", `/history/camera/${camera.id}/difference?from=1&to=3`)
        expect(decodeDifference(difference.json)).toEqual({
          from: 1,
          to: 3,
          fields: [
            { field: "enabled", before: true, after: false },
            { field: "name", before: "Gate", after: "Door" }
          ]
        })
        expect(answer.text + difference.text).not.toContain("hunter")
        yield* ask("DELETE", path)
        const [removed] = decodeHistory((yield* ask("GET", `/history/camera/${camera.id}`)).json).versions
        expect(removed).toMatchObject({ revision: 4, action: "camera.delete", values: null })
        expect((yield* ask("POST", rollbackOf(camera), { revision: 4 })).status).toBe(404)
      })
    )

    it.effect("lists what was removed until it is brought back, for supervisors who see everything", () =>
      Effect.gen(function* () {
        const { cookies } = yield* TestServer
        const ask = yield* asking
        const camera = (yield* ask("POST", "/cameras", { name: "Old gate", url: "rtsp://192.0.2.9/" })).json as Camera
        const site = (yield* ask("POST", "/places", { kind: "site", name: "Left" })).json as { readonly id: string }
        const removed = (type: string) =>
          Effect.map(ask("GET", `/removed/${type}`), ({ json }) =>
            decodeRemoved(json).flatMap(({ actor, id, name }) =>
              [camera.id, site.id].some((known) => known === id) ? [`${name} by ${actor.username}`] : []
            )
          )
        expect(yield* removed("camera")).toEqual([])
        yield* ask("DELETE", `/cameras/${camera.id}`)
        yield* ask("DELETE", `/places/${site.id}`)
        expect([yield* removed("camera"), yield* removed("place")]).toEqual([["Old gate by supervisor"], ["Left by supervisor"]])
        yield* ask("POST", rollbackOf(camera), { revision: 1 })
        expect(yield* removed("camera")).toEqual([])
        yield* ask("PATCH", `/cameras/${camera.id}`, { name: "Older gate" })
        yield* ask("DELETE", `/cameras/${camera.id}`)
        expect(yield* removed("camera")).toEqual(["Older gate by supervisor"])
        expect((yield* ask("GET", "/removed/camera", undefined, cookies.operator)).status).toBe(403)
        expect((yield* ask("GET", "/removed/user")).status).toBe(400)
      })
    )

    it.effect("has users' roles and tokens too, for administrators", () =>
      Effect.gen(function* () {
        const { cookies } = yield* TestServer
        const ask = yield* asking
        const admin = cookies.admin
        const user = (yield* ask("POST", "/users", { username: "mover", role: "viewer", password }, admin)).json as User
        yield* ask("PATCH", `/users/${user.id}`, { role: "operator" }, admin)
        yield* ask("DELETE", `/users/${user.id}`, undefined, admin)
        const { versions } = decodeHistory((yield* ask("GET", `/history/user/${user.id}`, undefined, admin)).json)
        expect(versions.map(({ revision, values }) => [revision, values?.["role"]])).toEqual([
          [3, undefined],
          [2, "operator"],
          [1, "viewer"]
        ])
        expect(JSON.stringify(versions)).not.toContain(password)
        const made = (yield* ask("POST", "/worker-tokens", { name: "counter" }, admin)).json as { readonly id: string }
        const token = decodeHistory((yield* ask("GET", `/history/worker-token/${made.id}`, undefined, admin)).json)
        expect(token.versions).toMatchObject([{ revision: 1, action: "worker.token.make", values: { name: "counter" } }])
        expect((yield* ask("GET", `/history/user/${user.id}`)).status).toBe(403)
      })
    )

    it.scoped("is its own tenant's, and not for viewers", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const { cookies } = yield* TestServer
        const ask = yield* asking
        const theirs = yield* (yield* CameraStore).create(otherTenant, newCamera())
        for (const [method, path, body] of [
          ["GET", `/history/camera/${theirs.id}`, undefined],
          ["GET", `/history/camera/${theirs.id}/difference?from=1&to=1`, undefined],
          ["POST", rollbackOf(theirs), { revision: 1 }]
        ] as const) {
          expect((yield* ask(method, path, body)).status, path).toBe(404)
          expect((yield* ask(method, path, body, cookies.operator)).status, path).toBe(403)
        }
        const rpc = yield* rpcClient(cookies.supervisor)
        expect(yield* Effect.flip(rpc.ObjectHistory({ type: "camera", id: theirs.id }))).toMatchObject({
          _tag: "VersionNotFound"
        })
        const own = yield* rpc.CreateCamera({ camera: newCamera() })
        yield* rpc.ConfigureCamera({ id: own.id, patch: { name: "New" } })
        expect(decodeRollback((yield* ask("POST", rollbackOf(own), { revision: 1 })).json)).toMatchObject({ revision: 3 })
        expect((yield* rpc.ObjectDifference({ type: "camera", id: own.id, from: 1, to: 2 })).fields).toEqual([
          { field: "name", before: "Gate", after: "New" }
        ])
      })
    )
  })
})
