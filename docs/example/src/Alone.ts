import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { NewCamera } from "@vigil/core/Camera"
import { defaultTenant } from "@vigil/core/Ids"
import { Bus } from "@vigil/core/port/Bus"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { describeModel } from "@vigil/runtime/model/DescribeModel"
import * as Vigil from "@vigil/runtime/Vigil"
import { Config, Console, Effect, Option, Schema, Stream } from "effect"

const program = Effect.gen(function* () {
  const url = yield* Config.nonEmptyString("CAMERA_URL")
  const model = yield* Config.option(Config.nonEmptyString("MODEL_FILE"))
  if (Option.isSome(model)) yield* (yield* ModelCatalogue).install(yield* describeModel(model.value), model.value)

  const messages = yield* (yield* Bus).follow({ from: "now" })
  const camera = yield* Schema.decode(NewCamera)({ name: "Front door", url })
  yield* (yield* CameraStore).create(defaultTenant, camera)

  const events = Stream.runForEach(messages, ({ message }) =>
    message.type === "event.stored"
      ? Console.log(`${message.entry.event.eventType} with ${message.entry.event.confidence.toFixed(2)}`)
      : Console.log(message.type)
  )
  const statuses = Stream.runForEach((yield* CameraControl).watch, ({ pipeline, source, state }) =>
    Console.log(`${state._tag}, ${source.framesPerSecond} frames a second, ${pipeline.inferences} looked at by the model`)
  )
  yield* Effect.all([events, statuses], { concurrency: "unbounded" })
})

const vigil = Vigil.layerMemory({ models: "models" })

NodeRuntime.runMain(program.pipe(Effect.scoped, Effect.provide(vigil)))
