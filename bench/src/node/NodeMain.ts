import { layerStores } from "./NodeStores.js"
import { NewCamera } from "@vigil/core/Camera"
import { type CameraId, defaultTenant } from "@vigil/core/Ids"
import { EventQuery } from "@vigil/core/Event"
import { ModelDescriptor } from "@vigil/core/Model"
import { Bus } from "@vigil/core/port/Bus"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { LiveViews } from "@vigil/core/port/LiveViews"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import * as EmbeddedCluster from "@vigil/runtime/cluster/EmbeddedCluster"
import * as MediaWorkersLive from "@vigil/runtime/media/MediaWorkersLive"
import * as ModelRepository from "@vigil/runtime/model/ModelRepository"
import * as Runtime from "@vigil/runtime/Runtime"
import * as Sources from "@vigil/runtime/source/Sources"
import { Cause, Effect, Fiber, Layer, Logger, Queue, Schedule, Schema, Stream } from "effect"
import { join } from "node:path"
import { type CameraSample, type FromNode, type LoggedEvent, type NodeSettings, type ToNode, wallClock } from "./NodeProtocol.js"
import { serveWhep } from "./WhepServer.js"

/** A runtime as an embedder composes it, in a process of its own: what it publishes goes to the benchmark that forked it. */
const send = (message: FromNode) => void process.send?.(message)

const inbox = Effect.runSync(Queue.unbounded<ToNode>())
process.on("message", (message: ToNode) => Effect.runFork(Queue.offer(inbox, message)))

const serve = (settings: NodeSettings) =>
  Effect.gen(function* () {
    const control = yield* CameraControl
    const store = yield* CameraStore
    const events = yield* EventStore
    const bus = yield* Bus
    const catalogue = yield* ModelCatalogue
    const ids: Array<CameraId> = []
    const numbers = new Map<CameraId, number>()

    const logged = (entry: {
      readonly sequence: number
      readonly epoch: number
      readonly event: { readonly cameraId: CameraId }
    }): LoggedEvent => ({
      camera: numbers.get(entry.event.cameraId) ?? -1,
      sequence: entry.sequence,
      epoch: entry.epoch
    })

    const relayOverlays = (id: CameraId, camera: number) =>
      control.overlays(id).pipe(
        Stream.runForEach(({ mediaTime, tracks, wallTime }) =>
          Effect.sync(() => send({ type: "overlay", camera, at: wallClock(), wallTime, mediaTime, tracks: tracks.length }))
        ),
        // The actor starts a moment after the camera was added, and ends when the camera is deleted.
        Effect.catchTag("CameraNotRunning", () => Effect.void),
        Effect.repeat(Schedule.spaced("100 millis")),
        Effect.forkScoped
      )

    const add = (cameras: NodeSettings["cameras"]) =>
      Effect.forEach(cameras, (encoded) =>
        Effect.gen(function* () {
          const { id } = yield* Effect.flatMap(Schema.decode(NewCamera)(encoded), (camera) => store.create(defaultTenant, camera))
          numbers.set(id, ids.length)
          yield* relayOverlays(id, ids.length)
          ids.push(id)
        })
      )

    const sample = Effect.map(control.statuses, (statuses) => {
      const cameras = statuses.map(
        ({ cameraId, epoch, pipeline, source, state }): CameraSample => ({
          camera: numbers.get(cameraId) ?? -1,
          state: state._tag,
          epoch,
          packetsLost: source.packetsLost,
          pipeline
        })
      )
      send({ type: "sample", at: wallClock(), cameras })
    })

    const readLog = Effect.gen(function* () {
      const entries: Array<LoggedEvent> = []
      let cursor: string | undefined
      do {
        const page = yield* events.query(
          defaultTenant,
          EventQuery.make({ limit: 500, ...(cursor === undefined ? {} : { cursor }) })
        )
        entries.push(...page.events.map(logged))
        cursor = page.nextCursor
      } while (cursor !== undefined)
      send({ type: "log", entries })
    })

    const withCamera = <A, E, R>(camera: number, use: (id: CameraId) => Effect.Effect<A, E, R>) =>
      Effect.suspend(() => {
        const id = ids[camera]
        return id === undefined ? Effect.dieMessage(`there is no camera ${camera}`) : Effect.asVoid(use(id))
      })

    const obey = (message: ToNode) => {
      switch (message.type) {
        case "add":
          return add(message.cameras)
        case "enable":
          return withCamera(message.camera, (id) => store.update(defaultTenant, id, { enabled: message.enabled }))
        case "restart":
          return withCamera(message.camera, (id) => control.restart(id))
        case "log":
          return readLog
        default:
          return Effect.void
      }
    }

    for (const { descriptor, file } of settings.models) {
      yield* catalogue.install(yield* Schema.decode(ModelDescriptor)(descriptor), file)
    }
    const published = yield* bus.follow({ from: "now", types: ["event.stored"] })
    yield* published.pipe(
      Stream.runForEach(({ message }) =>
        Effect.sync(() => "entry" in message && send({ type: "event", at: wallClock(), ...logged(message.entry) }))
      ),
      Effect.forkScoped
    )
    yield* add(settings.cameras)
    if (settings.sampleEvery !== undefined) {
      yield* sample.pipe(Effect.repeat(Schedule.fixed(settings.sampleEvery)), Effect.forkScoped)
    }
    const address = settings.whep ? yield* serveWhep(yield* LiveViews, ids) : undefined
    send({ type: "ready", address })
    for (;;) {
      const message = yield* Queue.take(inbox)
      if (message.type === "stop") return
      yield* obey(message)
    }
  })

const layerOf = (settings: NodeSettings) =>
  Runtime.layer(EmbeddedCluster.layer).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        layerStores(settings),
        Sources.layer.pipe(Layer.provideMerge(MediaWorkersLive.layerConfig)),
        ModelRepository.layer({ folder: join(settings.folder, "models") })
      )
    ),
    Layer.provideMerge(Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger)))
  )

const program = Effect.gen(function* () {
  const first = yield* Queue.take(inbox)
  if (first.type !== "start") return yield* Effect.dieMessage("the first message must be start")
  yield* serve(first.settings).pipe(Effect.scoped, Effect.provide(layerOf(first.settings)))
})

const fiber = Effect.runFork(
  Effect.tapErrorCause(program, (cause) => Effect.sync(() => send({ type: "failed", detail: Cause.pretty(cause) })))
)
const stop = () => Effect.runFork(Fiber.interruptFork(fiber))
process.once("SIGTERM", stop)
process.once("SIGINT", stop)
process.once("disconnect", stop)
fiber.addObserver((exit) => {
  process.exitCode = exit._tag === "Success" ? 0 : 1
  if (process.connected) process.disconnect()
})
