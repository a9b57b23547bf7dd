import { expect, it } from "@effect/vitest"
import { NewCamera } from "@vigil/core/Camera"
import { ClusterStatus } from "@vigil/core/ClusterStatus"
import { defaultTenant } from "@vigil/core/Ids"
import { NodeName } from "@vigil/core/Node"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { ClusterControl } from "@vigil/core/port/ClusterControl"
import { Effect, type Layer, Schema, type Scope } from "effect"

export const camerasPerNode = 3

export interface ControlledCluster {
  readonly name: string
  /** All its nodes, of {@link camerasPerNode} cameras each; the services are those of the first one. */
  readonly names: ReadonlyArray<NodeName>
  readonly layer: Effect.Effect<Layer.Layer<ClusterControl | CameraStore, unknown>, unknown, Scope.Scope>
}

export const until = (what: string, holds: (status: ClusterStatus) => boolean) =>
  Effect.flatMap(ClusterControl, ({ status }) =>
    status.pipe(
      Effect.tap((current) => (holds(current) ? Effect.void : Effect.sleep("50 millis"))),
      Effect.repeat({ until: holds }),
      Effect.timeoutTo({
        duration: "30 seconds",
        onSuccess: (current) => Effect.succeed(current),
        onTimeout: () => Effect.flatMap(status, (current) => Effect.fail(new Error(`not ${what}: ${JSON.stringify(current)}`)))
      }),
      Effect.flatten
    )
  )

const addCamera = (name: string, enabled = true) =>
  Effect.gen(function* () {
    const store = yield* CameraStore
    const camera = yield* Schema.decode(NewCamera)({ name, url: `rtsp://192.0.2.7/${name}`, enabled })
    return yield* store.create(defaultTenant, camera)
  })

/** What every control of a cluster must do. */
export const clusterControlConformance = ({ layer, name, names }: ControlledCluster): void => {
  const test = (what: string, body: Effect.Effect<void, unknown, ClusterControl | CameraStore | Scope.Scope>) =>
    it.scopedLive(`${name}: ${what}`, () => Effect.flatMap(layer, (provided) => Effect.provide(body, provided)), 60_000)

  test(
    "tells the nodes, what they run, and what no node takes and why",
    Effect.gen(function* () {
      const all = names.length * camerasPerNode
      for (let number = 0; number < all + 1; number++) yield* addCamera(`camera-${number}`)
      yield* addCamera("disabled", false)
      const status = yield* until("one too many", ({ cameras }) => {
        return cameras.running === all && cameras.unplaced[0]?.reason.startsWith("the node is full") === true
      })
      expect(status.nodes.map((node) => node.name)).toEqual(names)
      for (const node of status.nodes) {
        expect(node).toMatchObject({ version: "1.2.3", roles: ["camera"], capacity: { cameras: camerasPerNode } })
        expect(node.shards).toBeGreaterThan(0)
      }
      expect(status.shards.assigned).toBe(status.shards.total)
      expect(status.cameras).toMatchObject({ desired: all + 1, running: all })
      expect(names).toContain(status.cameras.unplaced[0]?.node)
      const encoded = Schema.encodeSync(ClusterStatus)(status)
      expect(Schema.decodeUnknownSync(Schema.parseJson(ClusterStatus))(JSON.stringify(encoded))).toEqual(status)
    })
  )

  test(
    "knows which nodes there are, and moves nothing where nothing was placed",
    Effect.gen(function* () {
      const control = yield* ClusterControl
      yield* until("all nodes are there", ({ nodes }) => nodes.length === names.length)
      const nobody = NodeName.make("nobody")
      for (const asked of [control.drain(nobody), control.resume(nobody)]) {
        expect(yield* Effect.flip(Effect.asVoid(asked))).toMatchObject({ _tag: "NodeNotFound", node: "nobody" })
      }
      for (const node of names) yield* control.resume(node)
      expect(yield* control.rebalance).toBe(0)
    })
  )

  test(
    "never drains the last node",
    Effect.gen(function* () {
      const control = yield* ClusterControl
      const [last, ...others] = [...names].reverse()
      if (last === undefined) return yield* Effect.die("there is no node")
      yield* until("all nodes have shards", ({ nodes }) => {
        return nodes.length === names.length && nodes.every(({ shards }) => shards > 0)
      })
      yield* addCamera("gate")
      yield* until("it runs", ({ cameras }) => cameras.running === 1)
      for (const node of others) yield* control.drain(node)
      const error = yield* Effect.flip(control.drain(last))
      expect(error).toMatchObject({ _tag: "NodeUnavailable", node: last })
      expect(error.message).toContain("no other node")
      yield* until("it still runs, on the last one", ({ nodes }) => {
        return nodes.some((node) => node.name === last && node.state === "up" && node.load.cameras === 1)
      })
    })
  )
}
