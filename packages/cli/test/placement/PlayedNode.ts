import { layerRunnerStoragePostgres } from "@vigil/api/cluster/RunnerStoragePostgres"
import { toUrl } from "@vigil/api/database/Connection"
import { layerStores } from "@vigil/api/Persistence"
import { layerCameraStoreMemory } from "@vigil/core/memory/CameraStoreMemory"
import { layerEventStoreMemory } from "@vigil/core/memory/EventStoreMemory"
import { layerSettingStoreMemory } from "@vigil/core/memory/SettingStoreMemory"
import { layerRuntimeTableMemory } from "@vigil/core/memory/RuntimeTableMemory"
import { layerBusMemory } from "@vigil/core/memory/BusMemory"
import { type NodeCapacity, NodeName } from "@vigil/core/Node"
import { type BalancePolicy, defaultBalancePolicy } from "@vigil/core/placement/BalancePolicy"
import { NoPicture } from "@vigil/core/port/CameraControl"
import { type AccessUnitSink, emptyStatistics } from "@vigil/core/Source"
import { mediaTime, wallTime } from "@vigil/core/Time"
import { ownGroup } from "@vigil/runtime/cluster/ClusterNode"
import * as EmbeddedCluster from "@vigil/runtime/cluster/EmbeddedCluster"
import * as NatsCluster from "@vigil/runtime/cluster/NatsCluster"
import { type CameraDecoder, MediaWorkers } from "@vigil/runtime/media/MediaWorkers"
import * as ModelRepository from "@vigil/runtime/model/ModelRepository"
import { now } from "@vigil/runtime/MonotonicClock"
import { Nats } from "@vigil/runtime/nats/Nats"
import { Balancing } from "@vigil/runtime/placement/Balancing"
import { LoadMeter } from "@vigil/runtime/placement/LoadMeter"
import { ThisNode } from "@vigil/runtime/placement/ThisNode"
import * as Runtime from "@vigil/runtime/Runtime"
import { Sources } from "@vigil/runtime/source/Sources"
import { WhipDoor } from "@vigil/runtime/source/whip/WhipDoor"
import { Effect, Layer, Logger, LogLevel, Redacted, Schedule } from "effect"

/** What became of a camera's source on a node, in the order of time. */
export interface SourceRecord {
  readonly node: string
  readonly url: string
  readonly opened: number
  closed: number | undefined
}

const size = { width: 640, height: 480 }

const picture = (at: number) => ({
  track: 0,
  kind: "video" as const,
  units: [new Uint8Array(8)],
  keyframe: true,
  damaged: false,
  mediaTime: mediaTime(Math.round(at * 1000)),
  wallTime: wallTime(Date.now()),
  wallClockOrigin: "receive" as const,
  received: now()
})

/** Sources that open at once and send a picture a second; all nodes write into one record. */
const layerPlayedSources = (node: string, records: Array<SourceRecord>) =>
  Layer.scoped(
    Sources,
    Effect.gen(function* () {
      const sinks = new Set<AccessUnitSink>()
      yield* Effect.sync(() => {
        for (const sink of sinks) void sink(picture(now()))
      }).pipe(Effect.repeat(Schedule.spaced("1 second")), Effect.forkScoped)
      return Sources.of({
        open: (config, sink) =>
          Effect.gen(function* () {
            const record: SourceRecord = { node, url: config.url, opened: performance.now(), closed: undefined }
            records.push(record)
            sinks.add(sink)
            yield* Effect.addFinalizer(() =>
              Effect.sync(() => {
                sinks.delete(sink)
                record.closed = performance.now()
              })
            )
            return {
              description: { protocol: "played", tracks: [{ kind: "video", codec: "h264", ...size, parameterSets: [] }] },
              statistics: () => emptyStatistics,
              ended: Effect.never
            }
          })
      })
    })
  )

/** Workers that decode nothing; each open decoder counts as one process, so that a meter sees how many cameras there are. */
const layerPlayedWorkers = Layer.sync(MediaWorkers, () => {
  const open = new Set<CameraDecoder>()
  return MediaWorkers.of({
    openDecoder: (cameraId) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          const decoder: CameraDecoder = {
            push: () => undefined,
            configure: () => undefined,
            snapshot: new NoPicture({ cameraId, detail: "nothing is decoded here" }),
            drain: Effect.void,
            statistics: () => ({
              decoded: 0,
              dropped: 0,
              skipped: 0,
              errors: 0,
              inferences: 0,
              inferencesDropped: 0,
              restarts: 0
            })
          }
          open.add(decoder)
          return decoder
        }),
        (decoder) => Effect.sync(() => open.delete(decoder))
      ),
    openDemuxer: () => Effect.die("no files here"),
    health: Effect.sync(() => [...open].map((_, worker) => ({ worker, cameras: 1, memory: 0, restarts: 0 })))
  })
})

interface PlayedOptions {
  readonly capacity?: Partial<NodeCapacity>
  readonly labels?: Readonly<Record<string, string>>
  /** What each camera takes of the node's processors. */
  readonly costPerCamera?: number
  readonly policy?: BalancePolicy
  readonly folder: string
  readonly records: Array<SourceRecord>
}

export interface PlayedNodeOptions extends PlayedOptions {
  readonly name: string
  readonly natsUrl: string
  readonly databaseUrl: string
}

/** What a node is by these options, and what its cameras are played with. */
const layerPlayed = (name: string, options: PlayedOptions) => {
  const { costPerCamera = 0.01, folder, labels = {}, policy = defaultBalancePolicy, records } = options
  const capacity = { cameras: 100, cpu: 0.8, memory: 64e9, ...options.capacity }
  const meter = () => ({
    sample: async (cameras: ReadonlyArray<unknown>) => ({ cpu: 0.01 + cameras.length * costPerCamera, memory: 1e9 })
  })
  return Layer.mergeAll(
    ThisNode.layer({ version: "1.2.3", roles: ["camera"], labels, capacity }),
    Layer.succeed(LoadMeter, meter),
    Layer.succeed(Balancing, policy),
    layerPlayedSources(name, records),
    layerPlayedWorkers,
    WhipDoor.layer,
    layerBusMemory,
    ModelRepository.layer({ folder })
  )
}

/** A node of a cluster over NATS and PostgreSQL whose cameras, and what they cost, are played. */
export const layerPlayedNode = (options: PlayedNodeOptions) => {
  const { databaseUrl, folder, natsUrl } = options
  const name = NodeName.make(options.name)
  const connection = toUrl(Redacted.make(databaseUrl))
  return Runtime.layerOfMany(NatsCluster.layer({ name, weight: 1 })).pipe(
    Layer.provide(layerPlayed(name, options)),
    Layer.provideMerge(layerStores({ ...connection, application_name: `vigil test ${name}` }, folder)),
    Layer.provide(
      layerRunnerStoragePostgres({
        connection,
        cluster: "test",
        node: name,
        ownGroup: ownGroup(name),
        forgetAfter: NatsCluster.forgetAfter
      })
    ),
    Layer.provideMerge(Nats.layer({ url: natsUrl, cluster: "test" })),
    Layer.provide(Logger.minimumLogLevel(LogLevel.Error))
  )
}

/** One embedded node alone, with nothing but memory. */
export const layerPlayedAlone = (options: PlayedOptions) =>
  Runtime.layer(EmbeddedCluster.layer).pipe(
    Layer.provide(layerPlayed("localhost", options)),
    Layer.provide(layerRuntimeTableMemory),
    Layer.provideMerge(Layer.mergeAll(layerCameraStoreMemory, layerEventStoreMemory, layerSettingStoreMemory)),
    Layer.provide(Logger.minimumLogLevel(LogLevel.Error))
  )
