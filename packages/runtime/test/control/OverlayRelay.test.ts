import { describe, expect, it } from "@effect/vitest"
import type { Camera } from "@vigil/core/Camera"
import type { Overlay } from "@vigil/core/Overlay"
import { mediaTime, wallTime } from "@vigil/core/Time"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { Effect, ExecutionStrategy, Exit, PubSub, Schedule, Scope, Stream } from "effect"
import { type ControlNode, makeCamera, startNode } from "../material/ControlNode.js"
import type { Played } from "../material/PlayedActor.js"

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

/** Makes overlays as an actor does, numbered by their media time, until the scope ends. */
const draw = (camera: Camera, { actor }: Played, from: number) => {
  let number = from
  return Effect.suspend(() =>
    PubSub.publish(actor.overlays, {
      cameraId: camera.id,
      mediaTime: mediaTime(number++),
      wallTime: wallTime(0),
      size: { width: 640, height: 480 },
      tracks: []
    })
  ).pipe(Effect.repeat(Schedule.spaced("50 millis")), Effect.forkScoped)
}

/** Collects what the node brings, until its scope is closed. */
const follow = ({ control }: ControlNode, camera: Camera) =>
  Effect.gen(function* () {
    const seen: Array<Overlay> = []
    const scope = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
    const end = { ended: false }
    yield* Stream.runForEach(control.overlays(camera.id), (overlay) => Effect.sync(() => seen.push(overlay))).pipe(
      Effect.ensuring(Effect.sync(() => (end.ended = true))),
      Effect.forkIn(scope)
    )
    return { seen, end, leave: Scope.close(scope, Exit.void) }
  })

/** Counts the camera's overlays on NATS. */
const wire = ({ nats }: ControlNode, camera: Camera) => {
  const counted = { messages: 0 }
  nats.connection.subscribe(nats.subject("camera", "overlay", camera.id), { callback: () => void counted.messages++ })
  return counted
}

describe.skipIf(!hasNatsServer)("overlays of the cameras of all nodes [needs nats-server]", { concurrent: true }, () => {
  it.scopedLive("travel while a viewer of another node wants them, and no longer", () =>
    Effect.gen(function* () {
      const { a, b } = yield* cluster
      const camera = makeCamera()
      const other = makeCamera()
      yield* draw(camera, a.run(camera, 1), 0)
      yield* draw(other, a.run(other, 1), 0)
      yield* until("b knows both", () => b.statuses.all().length === 2)
      const counted = wire(b, camera)
      const unwanted = wire(b, other)
      const first = yield* follow(b, camera)
      const second = yield* follow(b, camera)
      yield* until("both see", () => first.seen.length > 5 && second.seen.length > 5)
      yield* first.leave
      const before = second.seen.length
      yield* until("the other goes on for longer than a wish holds", () => second.seen.length > before + 90)
      yield* second.leave
      let last = -1
      yield* Effect.suspend(() => {
        const quiet = counted.messages === last
        last = counted.messages
        return Effect.succeed(quiet)
      }).pipe(Effect.repeat({ until: (quiet) => quiet, schedule: Schedule.spaced("1 second") }), Effect.timeout("60 seconds"))
      expect(counted.messages).toBeGreaterThan(90)
      expect(unwanted.messages).toBe(0)
    })
  )

  it.scopedLive("of an own camera do not travel", () =>
    Effect.gen(function* () {
      const { a, b } = yield* cluster
      const camera = makeCamera()
      yield* draw(camera, a.run(camera, 1), 0)
      const counted = wire(b, camera)
      const { seen } = yield* follow(a, camera)
      yield* until("it sees", () => seen.length > 40)
      expect(counted.messages).toBe(0)
    })
  )

  it.scopedLive("come from wherever the camera moves, each once and in order, without an end", () =>
    Effect.gen(function* () {
      const { a, b, server } = yield* cluster
      const c = yield* startNode(server.url, "c")
      const camera = makeCamera()
      yield* draw(camera, a.run(camera, 1), 0)
      yield* until("b knows", () => b.statuses.all().length === 1)
      const { end, seen } = yield* follow(b, camera)
      const from = (number: number) => seen.filter((overlay) => overlay.mediaTime >= number).length
      yield* until("of a", () => from(0) > 3)
      a.stop(camera)
      yield* draw(camera, b.run(camera, 2), 10_000)
      yield* until("of this node itself", () => from(10_000) > 3)
      b.stop(camera)
      yield* draw(camera, c.run(camera, 3), 20_000)
      yield* until("of c", () => from(20_000) > 3)
      expect(end.ended).toBe(false)
      const ofB = seen.map((overlay) => overlay.mediaTime).filter((number) => number >= 10_000 && number < 20_000)
      expect(new Set(ofB).size).toBe(ofB.length)
    })
  )

  it.scopedLive("end when the camera runs nowhere any more, and are refused then", () =>
    Effect.gen(function* () {
      const { a, b } = yield* cluster
      const camera = makeCamera()
      yield* draw(camera, a.run(camera, 1), 0)
      yield* until("b knows", () => b.statuses.all().length === 1)
      const { end, seen } = yield* follow(b, camera)
      yield* until("it sees", () => seen.length > 3)
      a.stop(camera)
      yield* until("the end", () => end.ended)
      expect(yield* Effect.flip(Stream.runDrain(b.control.overlays(camera.id)))).toMatchObject({ _tag: "CameraNotRunning" })
    })
  )
})
