import { describe, expect, it } from "@effect/vitest"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import type { CameraId } from "@vigil/core/Ids"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { Effect, Fiber, Schedule, Stream } from "effect"
import { type ControlNode, makeCamera, startNode } from "../material/ControlNode.js"
import { refused } from "../material/PlayedActor.js"

const until = (what: string, condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.repeat({ until: (holds: boolean) => holds, schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutFail({ duration: "60 seconds", onTimeout: () => new Error(`never: ${what}`) })
  )

const cluster = Effect.gen(function* () {
  const server = yield* startNatsServer()
  const [a, b] = yield* Effect.all([startNode(server.url, "a"), startNode(server.url, "b")])
  return { server, a, b }
})

const nodeOf = ({ statuses }: ControlNode, id: CameraId) => statuses.all().find(({ cameraId }) => cameraId === id)?.node

/** Collects what a watcher is told until the scope ends. */
const watch = ({ control }: ControlNode) =>
  Effect.gen(function* () {
    const seen: Array<CameraStatus> = []
    const fiber = yield* Effect.forkScoped(Stream.runForEach(control.watch, (status) => Effect.sync(() => seen.push(status))))
    return { seen, fiber }
  })

describe.skipIf(!hasNatsServer)("statuses of the cameras of all nodes [needs nats-server]", () => {
  it.scopedLive("are known to each node, as they change, until the camera's actor ends", () =>
    Effect.gen(function* () {
      const { a, b } = yield* cluster
      const camera = makeCamera()
      const played = a.run(camera, 1)
      yield* until("b knows", () => nodeOf(b, camera.id) === "a")
      played.state = refused(1)
      yield* until("b sees the change", () => b.statuses.get(camera.id)?.state._tag === "BackingOff")
      expect(yield* b.control.statuses).toMatchObject([{ cameraId: camera.id, node: "a" }])
      a.stop(camera)
      yield* until("b knows that it ended", () => b.statuses.get(camera.id) === undefined)
    })
  )

  it.scopedLive("are told at most once a second for each camera, and not at all while nothing changes", () =>
    Effect.gen(function* () {
      const { a, b } = yield* cluster
      const [busy, still] = [makeCamera(), makeCamera()]
      const played = a.run(busy, 1)
      a.run(still, 1)
      yield* until("b knows both", () => b.statuses.all().length === 2)
      const told: Array<string> = []
      b.nats.connection.subscribe(b.nats.subject("camera", "status", "a"), {
        callback: (_, message) => void told.push(...(message.string().match(/(?<="cameraId":")[^"]+/g) ?? []))
      })
      const count = () => told.filter((id) => id === busy.id).length
      const started = performance.now()
      const seconds = () => (performance.now() - started) / 1000
      yield* Effect.sync(() => {
        played.fps++
      }).pipe(Effect.repeat({ until: () => seconds() > 3 && count() > 1, schedule: Schedule.spaced("10 millis") }))
      expect(count()).toBeLessThanOrEqual(seconds() + 1)
      expect(told).not.toContain(still.id)
    })
  )

  it.scopedLive("are all told to a node that comes later", () =>
    Effect.gen(function* () {
      const { a, b, server } = yield* cluster
      const cameras = Array.from({ length: 300 }, makeCamera)
      for (const camera of cameras) a.run(camera, 1)
      yield* until("b knows all", () => b.statuses.all().length === 300)
      const c = yield* startNode(server.url, "c")
      yield* until("c knows all", () => c.statuses.all().length === 300)
    })
  )

  it.scopedLive("go with a node that ends at once, and with one that dies within seconds; those of others stay", () =>
    Effect.gen(function* () {
      const { a, b, server } = yield* cluster
      const c = yield* startNode(server.url, "c")
      const [ofA, ofB, ofC] = [makeCamera(), makeCamera(), makeCamera()]
      a.run(ofA, 1)
      b.run(ofB, 1)
      c.run(ofC, 1)
      yield* until("b knows all", () => b.statuses.all().length === 3)
      yield* c.close
      yield* until("c's is gone", () => nodeOf(b, ofC.id) === undefined)
      expect(nodeOf(b, ofA.id)).toBe("a")
      yield* Effect.promise(() => a.nats.connection.close())
      yield* until("a's is gone", () => nodeOf(b, ofA.id) === undefined)
      expect(nodeOf(b, ofB.id)).toBe("b")
    })
  )

  it.scopedLive("are there again after NATS was away, and are not taken for gone meanwhile", () =>
    Effect.gen(function* () {
      const { a, b, server } = yield* cluster
      const camera = makeCamera()
      const played = a.run(camera, 1)
      yield* until("b knows", () => nodeOf(b, camera.id) === "a")
      yield* server.stop("SIGKILL")
      played.fps = 7
      yield* Effect.sleep("5 seconds")
      expect(nodeOf(b, camera.id)).toBe("a")
      yield* server.start
      yield* until("b sees the change", () => b.statuses.get(camera.id)?.source.framesPerSecond === 7)
    })
  )

  it.scopedLive("are told to a watcher across a move to another node, in the order of epochs", () =>
    Effect.gen(function* () {
      const { a, b } = yield* cluster
      const camera = makeCamera()
      a.run(camera, 1)
      const { fiber, seen } = yield* watch(b)
      yield* until("told of a", () => seen.some(({ node }) => node === "a"))
      b.run(camera, 2)
      yield* until("told of b", () => seen.some(({ node }) => node === "b"))
      a.stop(camera)
      yield* until("a forgot", () => nodeOf(a, camera.id) === "b")
      b.stop(camera)
      const played = a.run(camera, 3)
      played.fps = 3
      yield* until("told of a again", () => seen.at(-1)?.epoch === 3)
      const epochs = seen.map(({ epoch }) => epoch)
      expect(epochs).toEqual([...epochs].sort((first, second) => first - second))
      expect(yield* Fiber.poll(fiber)).toMatchObject({ _tag: "None" })
    })
  )
})
