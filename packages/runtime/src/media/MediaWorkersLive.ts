import { type SourceConfig, SourceError } from "@vigil/core/Source"
import { Config, Duration, Effect, Layer, Option, Runtime } from "effect"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { MediaWorkers } from "./MediaWorkers.js"
import { makeRemoteDecoder } from "./RemoteDecoder.js"
import { openRemoteDemuxer } from "./RemoteDemuxer.js"
import type { EngineSettings } from "./worker/EngineModule.js"
import type { DemuxerInput } from "./worker/WorkerProtocol.js"
import { makeWorkerPool, type WorkerPool } from "./WorkerPool.js"

export interface MediaWorkersOptions {
  /** Cameras per worker process, and processes at the most; beyond both, processes share further cameras evenly. */
  readonly camerasPerWorker: number
  readonly workers: number
  /** Bytes of resident memory of one process. */
  readonly memoryLimit: number
  /** Milliseconds without a sign of life, or in one native call. */
  readonly hangTimeout: number
  readonly engine: EngineSettings
}

const defaultMediaWorkersOptions: MediaWorkersOptions = {
  camerasPerWorker: 12,
  workers: Math.max(2, availableParallelism()),
  memoryLimit: 1536 * 1024 * 1024,
  hangTimeout: 5000,
  engine: {}
}

const unsupported = (url: string, reason: "invalid-url" | "unsupported", detail: string) =>
  new SourceError({ reason, url, detail })

/** Motion JPEG and the compressed formats that cameras give themselves; raw pictures would have to be encoded first. */
const deviceFormats = ["h264", "mjpeg"]

const demuxerInput = ({ loop, url }: SourceConfig): Effect.Effect<DemuxerInput, SourceError> =>
  Effect.try({
    try: (): DemuxerInput => {
      const parsed = new URL(url)
      if (parsed.protocol === "file:") return { kind: "file", path: fileURLToPath(parsed), loop }
      if (parsed.protocol === "v4l2:")
        return { kind: "device", path: decodeURIComponent(parsed.pathname), formats: deviceFormats }
      throw new Error(`${parsed.protocol} is neither file: nor v4l2:`)
    },
    catch: (error) => unsupported(url, "invalid-url", error instanceof Error ? error.message : String(error))
  })

const acquirePool = (make: (onNote: (note: string) => void) => WorkerPool) =>
  Effect.acquireRelease(
    Effect.map(Effect.runtime<never>(), (runtime) => {
      const run = Runtime.runFork(runtime)
      return make((note) => run(Effect.logWarning(note)))
    }),
    (pool) => Effect.promise(() => pool.close())
  )

const make = (options: MediaWorkersOptions) =>
  Effect.gen(function* () {
    const { camerasPerWorker: tenantsPerWorker, workers, ...common } = options
    const decoders = yield* acquirePool((onNote) =>
      makeWorkerPool({ ...common, name: "media worker", tenantsPerWorker, workers, onNote })
    )
    // Files and devices come from anywhere: what one of them does to its process must not reach the cameras.
    const files = yield* acquirePool((onNote) =>
      makeWorkerPool({ ...common, name: "demuxing worker", tenantsPerWorker: 32, workers: 1, onNote })
    )
    // Reading a device blocks a thread of its process for a frame at a time.
    const devices = yield* acquirePool((onNote) =>
      makeWorkerPool({ ...common, name: "capture worker", tenantsPerWorker: 2, workers: 16, onNote })
    )
    let numbers = 0

    return MediaWorkers.of({
      openDecoder: (cameraId, track, demand, listener) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const remote = makeRemoteDecoder({ id: ++numbers, cameraId, track, demand, listener })
            decoders.add(remote.tenant)
            return remote
          }),
          (remote) =>
            Effect.sync(() => {
              remote.close()
              decoders.remove(remote.tenant)
            })
        ).pipe(Effect.map(({ decoder }) => decoder)),
      openDemuxer: (config, sink) =>
        Effect.flatMap(demuxerInput(config), (input) =>
          openRemoteDemuxer({ id: ++numbers, pool: input.kind === "file" ? files : devices, config, input, sink })
        ),
      health: Effect.sync(() =>
        [...decoders.health(), ...files.health(), ...devices.health()].map((worker, index) => ({
          ...worker,
          worker: index
        }))
      )
    })
  })

export const layer = (options: Partial<MediaWorkersOptions> = {}): Layer.Layer<MediaWorkers> =>
  Layer.scoped(MediaWorkers, make({ ...defaultMediaWorkersOptions, ...options }))

const settings = Config.all({
  camerasPerWorker: Config.withDefault(Config.integer("CAMERAS_PER_WORKER"), defaultMediaWorkersOptions.camerasPerWorker),
  workers: Config.withDefault(Config.integer("WORKERS"), defaultMediaWorkersOptions.workers),
  memoryLimit: Config.withDefault(
    Config.map(Config.integer("MEMORY_LIMIT_MB"), (megabytes) => megabytes * 1024 * 1024),
    defaultMediaWorkersOptions.memoryLimit
  ),
  hangTimeout: Config.withDefault(
    Config.map(Config.duration("HANG_TIMEOUT"), Duration.toMillis),
    defaultMediaWorkersOptions.hangTimeout
  ),
  threads: Config.option(Config.integer("INFERENCE_THREADS")),
  cache: Config.option(Config.string("MODEL_CACHE"))
}).pipe(Config.nested("MEDIA"), Config.nested("VIGIL"))

/** From `VIGIL_MEDIA_CAMERAS_PER_WORKER`, `_WORKERS`, `_MEMORY_LIMIT_MB`, `_HANG_TIMEOUT`, `_INFERENCE_THREADS`, `_MODEL_CACHE`. */
export const layerConfig = Layer.unwrapEffect(
  Effect.map(settings, ({ cache, threads, ...options }) =>
    layer({
      ...options,
      engine: {
        ...(Option.isSome(threads) ? { threads: threads.value } : {}),
        ...(Option.isSome(cache) ? { cache: cache.value } : {})
      }
    })
  )
)
