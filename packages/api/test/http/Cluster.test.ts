import { describe, expect, layer } from "@effect/vitest"
import { rebalanceCluster } from "@vigil/api/application/ClusterOperations"
import { Principal } from "@vigil/core/contract/Principal"
import { type CameraId, defaultTenant, UserId } from "@vigil/core/Ids"
import { NodeName } from "@vigil/core/Node"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { User } from "@vigil/core/User"
import { DateTime, Effect } from "effect"
import { newCamera, otherTenant, secondTenant } from "../Samples.js"
import { FakeRuntime } from "./FakePorts.js"
import { layerTestServer, TestServer } from "./TestServer.js"

const actions = (audit: unknown) =>
  typeof audit === "object" && audit !== null && "entries" in audit ? audit.entries : undefined

describe("the cluster over HTTP", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("is told to operators, with the cameras of their own tenant that do not run", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const { cookies, visit } = yield* TestServer
        const { unplaced } = yield* FakeRuntime
        const store = yield* CameraStore
        const ours = yield* store.create(defaultTenant, newCamera())
        const theirs = yield* store.create(otherTenant, newCamera())
        const node = NodeName.make("north")
        unplaced.push(...[ours.id, theirs.id].map((cameraId: CameraId) => ({ cameraId, node, reason: "the node is full" })))
        const path = "/api/v1/cluster"
        expect((yield* visit({ path, cookie: cookies.viewer })).status).toBe(403)
        for (const cookie of [cookies.operator, cookies.supervisor, cookies.admin]) {
          const { json, status } = yield* visit({ path, cookie })
          expect(status).toBe(200)
          expect(json).toMatchObject({
            name: "test",
            shards: { total: 300, assigned: 300 },
            cameras: { desired: 2, unplaced: [{ cameraId: ours.id, node: "north", reason: "the node is full" }] }
          })
        }
      })
    )

    it.effect("is steered by administrators alone, which is written down", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { steered } = yield* FakeRuntime
        const post = (path: string, cookie: string) => visit({ method: "POST", path: `/api/v1/cluster/${path}`, cookie })
        for (const path of ["nodes/north/drain", "nodes/north/resume", "rebalance"]) {
          for (const cookie of [cookies.viewer, cookies.operator, cookies.supervisor]) {
            expect((yield* post(path, cookie)).status, path).toBe(403)
          }
        }
        expect(steered).toEqual([])
        expect(yield* post("nodes/north/drain", cookies.admin)).toMatchObject({ status: 200, json: { cameras: 3 } })
        expect((yield* post("nodes/north/resume", cookies.admin)).status).toBe(204)
        expect(yield* post("rebalance", cookies.admin)).toMatchObject({ status: 200, json: { cameras: 2 } })
        expect(steered).toEqual(["drain north", "resume north", "rebalance"])
        const { json } = yield* visit({ path: "/api/v1/audit?limit=3", cookie: cookies.admin })
        expect(actions(json)).toMatchObject([
          { action: "cluster.rebalance", subject: { type: "cluster" }, actor: { username: "root" } },
          { action: "node.resume", subject: { type: "node", id: "north" } },
          { action: "node.drain", subject: { type: "node", id: "north" } }
        ])
      })
    )

    it.effect("says which node there is not, which one cannot, and what is no name", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const drain = (name: string) =>
          visit({ method: "POST", path: `/api/v1/cluster/nodes/${name}/drain`, cookie: cookies.admin })
        const unknown = yield* drain("west")
        expect(unknown).toMatchObject({ status: 404, json: { type: "urn:vigil:problem:node-not-found" } })
        expect(unknown.text).toContain("vigil cluster status")
        expect(yield* drain("south")).toMatchObject({ status: 503, json: { type: "urn:vigil:problem:node-unavailable" } })
        expect((yield* drain("No_Name")).status).toBe(400)
      })
    )

    it.effect("is not for administrators of other tenants to steer", () =>
      Effect.gen(function* () {
        const { steered } = yield* FakeRuntime
        const before = steered.length
        const user = User.make({
          id: UserId.make(crypto.randomUUID()),
          tenantId: otherTenant,
          username: "theirs",
          role: "admin",
          createdAt: DateTime.unsafeMake(0)
        })
        const asked = Effect.provideService(rebalanceCluster, Principal, { user, address: "192.0.2.7" })
        expect(yield* Effect.flip(asked)).toMatchObject({ _tag: "Forbidden" })
        expect(steered).toHaveLength(before)
      })
    )
  })
})
