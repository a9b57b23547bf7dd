import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { toUrl } from "@vigil/api/database/Connection"
import { layerNodePersistence } from "@vigil/api/Persistence"
import { subjectId } from "@vigil/core/BusMessage"
import { NewCamera } from "@vigil/core/Camera"
import { defaultTenant } from "@vigil/core/Ids"
import { NodeName } from "@vigil/core/Node"
import { Bus } from "@vigil/core/port/Bus"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { natsSettings } from "@vigil/runtime/nats/NatsSettings"
import * as Vigil from "@vigil/runtime/Vigil"
import { Config, Console, Effect, Layer, Option, Schema, Stream } from "effect"

const program = Effect.gen(function* () {
  const messages = yield* (yield* Bus).follow({ from: "now", types: ["event.stored"] })
  const url = yield* Config.option(Config.nonEmptyString("CAMERA_URL"))
  if (Option.isSome(url)) {
    const camera = yield* Schema.decode(NewCamera)({ name: "Front door", url: url.value })
    yield* (yield* CameraStore).create(defaultTenant, camera)
  }
  const events = Stream.runForEach(messages, ({ position, message }) =>
    Console.log(`${position}: event of ${subjectId(message)}`)
  )
  const statuses = Stream.runForEach((yield* CameraControl).watch, ({ cameraId, node, state }) =>
    Console.log(`${cameraId} is ${state._tag} on ${node}`)
  )
  yield* Effect.all([events, statuses], { concurrency: "unbounded" })
})

const vigil = Effect.gen(function* () {
  const name = yield* Schema.Config("NODE", NodeName)
  const connection = toUrl(yield* Config.redacted("VIGIL_DATABASE_URL"))
  const nats = yield* natsSettings()
  const persistence = { ...Vigil.membership(name), connection, cluster: nats.cluster, dataFolder: "data" }
  return Vigil.layerNode({ name, nats, models: "models" }).pipe(Layer.provideMerge(layerNodePersistence(persistence)))
}).pipe(Layer.unwrapEffect)

const untilCtrlC = program.pipe(Effect.onInterrupt(() => Vigil.giveAway))
NodeRuntime.runMain(untilCtrlC.pipe(Effect.scoped, Effect.provide(vigil)))
