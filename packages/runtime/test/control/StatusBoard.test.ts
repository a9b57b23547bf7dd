import type { CameraStatus } from "@vigil/core/CameraStatus"
import { Epoch } from "@vigil/core/Ids"
import { NodeName } from "@vigil/core/Node"
import { StatusBoard } from "@vigil/runtime/control/StatusBoard"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { makeCamera } from "../material/ControlNode.js"
import { play } from "../material/PlayedActor.js"

const cameras = [makeCamera(), makeCamera(), makeCamera()]
const nodes = ["a", "b"].map((name) => NodeName.make(name))

const statusOf = (camera: number, epoch: number, node: number) => ({
  ...play(cameras[camera] ?? makeCamera(), epoch).actor.status(),
  node: nodes[node] ?? ""
})

const fact = fc.record({ camera: fc.nat(2), epoch: fc.integer({ min: 1, max: 4 }), node: fc.nat(1), ends: fc.boolean() })

describe("StatusBoard", () => {
  it("keeps the highest epoch that was told and has not ended, in whatever order it hears", () => {
    fc.assert(
      fc.property(fc.array(fact, { maxLength: 30 }), (facts) => {
        const board = new StatusBoard<CameraStatus>()
        const model = new Map<number, number>()
        for (const { camera, ends, epoch, node } of facts) {
          const status = statusOf(camera, epoch, node)
          const known = model.get(camera) ?? 0
          if (ends) {
            board.remove(status.cameraId, Epoch.make(epoch))
            if (known <= epoch) model.delete(camera)
          } else {
            board.put(status)
            model.set(camera, Math.max(known, epoch))
          }
        }
        const told = cameras.map(({ id }) => board.get(id)?.epoch)
        expect(told).toEqual(cameras.map((_, index) => model.get(index)))
      }),
      { numRuns: 200 }
    )
  })

  it("forgets a silent node's cameras and no others", () => {
    const board = new StatusBoard<CameraStatus>()
    const [a, b] = nodes
    if (a === undefined || b === undefined) throw new Error("no nodes")
    board.hear(a, 1000)
    board.hear(b, 2000)
    board.put(statusOf(0, 1, 0))
    board.put(statusOf(1, 1, 1))
    // Moved from the silent node to the other one.
    board.put(statusOf(2, 1, 0))
    board.put(statusOf(2, 2, 1))
    board.expire(1500)
    expect([...board.all()].map(({ cameraId, node }) => [cameraId, node])).toEqual([
      [cameras[1]?.id, b],
      [cameras[2]?.id, b]
    ])
  })
})
