import { layerRunnerStoragePostgres } from "@vigil/api/cluster/RunnerStoragePostgres"
import { sessionName } from "@vigil/api/cluster/LockKey"
import { toUrl } from "@vigil/api/database/Connection"
import { layerStores } from "@vigil/api/Persistence"
import type { EventEntry } from "@vigil/core/Event"
import { NodeName } from "@vigil/core/Node"
import * as OutboxRelay from "@vigil/core/OutboxRelay"
import { EventStore } from "@vigil/core/port/EventStore"
import * as JetStreamBus from "@vigil/runtime/bus/JetStreamBus"
import { ClusterNode, ownGroup } from "@vigil/runtime/cluster/ClusterNode"
import * as NatsCluster from "@vigil/runtime/cluster/NatsCluster"
import * as ModelRepository from "@vigil/runtime/model/ModelRepository"
import { Nats } from "@vigil/runtime/nats/Nats"
import { ThisNode } from "@vigil/runtime/placement/ThisNode"
import * as Runtime from "@vigil/runtime/Runtime"
import { WhipDoor } from "@vigil/runtime/source/whip/WhipDoor"
import { Cause, Deferred, Effect, Fiber, Layer, Logger, LogLevel, Redacted, Schedule } from "effect"
import { layerLightSources, layerLightWorkers } from "./LightCameras.js"
import type { FromLightNode, LightNodeSettings, StoredEvent, ToLightNode } from "./LightNodeProtocol.js"
import { wallClock } from "../node/NodeProtocol.js"

/** A node of a cluster as an embedder composes it: NATS, PostgreSQL, and cameras of its own making. */
const send = (message: FromLightNode) => void (process.connected && process.send?.(message))

const stored = (entries: ReadonlyArray<EventEntry>): ReadonlyArray<StoredEvent> =>
  entries.map(({ epoch, event, sequence }) => ({ cameraId: event.cameraId, sequence, epoch }))

/** The store tells which events it took, and which it refused because their actor's time was over. */
const layerTellingEvents = Layer.effect(
  EventStore,
  Effect.map(EventStore, (store) =>
    EventStore.of({
      ...store,
      append: (cameraId, entries) =>
        store.append(cameraId, entries).pipe(
          Effect.tap(() => Effect.sync(() => send({ type: "stored", entries: stored(entries) }))),
          Effect.tapErrorTag("StaleEpoch", () => Effect.sync(() => send({ type: "refused", entries: stored(entries) })))
        )
    })
  )
)

/** Nothing is refused or handed off because of load: other programs share this machine. */
const unlimited = { cameras: 1_000_000, cpu: 1, memory: Number.MAX_SAFE_INTEGER }

const layerOf = ({ verbose, cluster, databaseUrl, eventEvery, folder, name: text, natsUrl }: LightNodeSettings) => {
  const name = NodeName.make(text)
  const connection = toUrl(Redacted.make(databaseUrl))
  const stores = layerStores({ ...connection, application_name: sessionName(cluster, name) }, folder)
  return Runtime.layerOfMany(NatsCluster.layer({ name, weight: 1 })).pipe(
    Layer.provide(ThisNode.layer({ version: "bench", roles: ["camera"], labels: {}, capacity: unlimited })),
    Layer.provide(Layer.mergeAll(layerLightSources(send, wallClock), layerLightWorkers(eventEvery), WhipDoor.layer)),
    Layer.provide(OutboxRelay.layer.pipe(Layer.provideMerge(JetStreamBus.layer))),
    Layer.provide(ModelRepository.layer({ folder })),
    Layer.provide(layerTellingEvents.pipe(Layer.provideMerge(stores))),
    Layer.provide(
      layerRunnerStoragePostgres({
        connection,
        cluster,
        node: name,
        ownGroup: ownGroup(name),
        forgetAfter: NatsCluster.forgetAfter
      })
    ),
    Layer.provide(Nats.layer({ url: natsUrl, cluster })),
    Layer.provideMerge(
      Layer.merge(
        Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger)),
        Logger.minimumLogLevel(verbose ? LogLevel.Debug : LogLevel.Info)
      )
    )
  )
}

const settings = Effect.runSync(Deferred.make<LightNodeSettings>())
process.on("message", (message: ToLightNode) => Effect.runFork(Deferred.succeed(settings, message.settings)))

const serve = Effect.gen(function* () {
  const node = yield* ClusterNode
  yield* Effect.sync(() => node.members().some(({ healthy, name }) => healthy && name === node.name)).pipe(
    Effect.repeat({ until: (joined: boolean) => joined, schedule: Schedule.spaced("20 millis") })
  )
  send({ type: "joined" })
  return yield* Effect.never
}).pipe(
  Effect.onInterrupt(() =>
    Effect.flatMap(ClusterNode, ({ drain }) => drain).pipe(Effect.catchAll((error) => Effect.logWarning(error.message)))
  )
)

const program = Effect.gen(function* () {
  const started = yield* Deferred.await(settings)
  yield* Effect.scoped(Effect.provide(serve, layerOf(started))).pipe(Effect.annotateLogs({ node: started.name }))
})

const fiber = Effect.runFork(
  Effect.tapErrorCause(program, (cause) =>
    Cause.isInterruptedOnly(cause) ? Effect.void : Effect.sync(() => send({ type: "failed", detail: Cause.pretty(cause) }))
  )
)
const stop = () => Effect.runFork(Fiber.interruptFork(fiber))
process.once("SIGTERM", stop)
process.once("SIGINT", stop)
process.once("disconnect", () => process.exit(1))
fiber.addObserver(() => process.exit(0))
