import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { SourceDescription } from "@vigil/core/MediaTrack"
import { type AccessUnitSink, type OpenSource, type SourceConfig, SourceError, type SourceErrorReason } from "@vigil/core/Source"
import { wallTime } from "@vigil/core/Time"
import { Deferred, Effect, type Scope } from "effect"
import { now } from "../MonotonicClock.js"
import { makeDemuxStatistics } from "./demux/DemuxStatistics.js"
import type { DemuxedUnit, DemuxerInput, FromWorker } from "./worker/WorkerProtocol.js"
import type { WorkerPool } from "./WorkerPool.js"
import type { WorkerLink, WorkerTenant } from "./WorkerTenant.js"

/** Milliseconds that opening and each read may take. */
const answerLimit = 25_000
/** Milliseconds that a paced source may be late before its clock is set anew: no burst after a pause. */
const latest = 1000

export interface RemoteDemuxerOptions {
  readonly id: number
  readonly pool: WorkerPool
  readonly config: SourceConfig
  readonly input: DemuxerInput
  readonly sink: AccessUnitSink
}

/** Opens a file or device in a worker process and plays it until the scope closes. */
export const openRemoteDemuxer = (options: RemoteDemuxerOptions): Effect.Effect<OpenSource, SourceError, Scope.Scope> =>
  Effect.gen(function* () {
    const { config, pool } = options
    const opened = yield* Deferred.make<SourceDescription, SourceError>()
    const ended = yield* Deferred.make<void, SourceError>()
    const player = makePlayer(options, {
      onOpen: (description) => Deferred.unsafeDone(opened, Effect.succeed(description)),
      onEnd: () => Deferred.unsafeDone(ended, Effect.void),
      onFailed: (reason, detail) => {
        const error = Effect.fail(new SourceError({ reason, url: config.url, detail }))
        Deferred.unsafeDone(opened, error)
        Deferred.unsafeDone(ended, error)
      }
    })
    yield* Effect.acquireRelease(
      Effect.sync(() => pool.add(player.tenant)),
      () =>
        Effect.sync(() => {
          player.close()
          pool.remove(player.tenant)
        })
    )
    const description = yield* Deferred.await(opened)
    return { description, statistics: player.statistics.read, ended: Deferred.await(ended) }
  })

interface PlayerListener {
  readonly onOpen: (description: SourceDescription) => void
  readonly onEnd: () => void
  readonly onFailed: (reason: SourceErrorReason, detail: string) => void
}

const makePlayer = ({ config, id, input, sink }: RemoteDemuxerOptions, listener: PlayerListener) => {
  const statistics = makeDemuxStatistics()
  const paced = input.kind === "file" && config.pace === "realtime"
  const waits = input.kind === "file" && config.pace === "as-fast-as-possible"
  let link: WorkerLink | undefined
  let finished = false
  let limit: NodeJS.Timeout | undefined
  let pause: NodeJS.Timeout | undefined
  /** What the worker gave while the units before it are still being played. */
  let next: { readonly units: ReadonlyArray<DemuxedUnit>; readonly end: boolean } | undefined
  let playing = false
  /** Milliseconds of the monotonic clock, and of the wall clock, at which the source's line began. */
  let origin: number | undefined
  let wallOrigin = 0

  const stop = () => {
    finished = true
    clearTimeout(limit)
    clearTimeout(pause)
    link?.send({ type: "close-demuxer", demuxer: id })
    link = undefined
  }

  const fail = (reason: SourceErrorReason, detail: string) => {
    if (finished) return
    stop()
    listener.onFailed(reason, detail)
  }

  const limitWait = (what: string) => {
    clearTimeout(limit)
    limit = setTimeout(() => fail("timeout", `${what} took longer than ${answerLimit / 1000} s`), answerLimit)
  }

  const ask = () => {
    limitWait("reading")
    link?.send({ type: "read", demuxer: id })
  }

  const setClock = (due: number) => {
    origin = now() - due / 1000
    wallOrigin = Date.now() - due / 1000
  }

  /** Milliseconds until a unit is due. */
  const wait = (due: number): number => {
    if (origin === undefined) setClock(due)
    const ahead = (origin ?? 0) + due / 1000 - now()
    if (!paced) return 0
    if (ahead < -latest) setClock(due)
    return ahead
  }

  const deliver = ({ damaged, keyframe, kind, mediaTime, track, units }: DemuxedUnit): void | Promise<void> => {
    const received = now()
    const wall = input.kind === "file" ? wallOrigin + mediaTime / 1000 : Date.now()
    const unit: AccessUnit = {
      track,
      kind,
      units,
      keyframe,
      damaged,
      mediaTime,
      wallTime: wallTime(wall),
      wallClockOrigin: "receive",
      received
    }
    statistics.count(unit)
    return sink(unit)
  }

  const play = async (units: ReadonlyArray<DemuxedUnit>): Promise<void> => {
    for (const unit of units) {
      const ahead = wait(unit.due)
      if (ahead > 1) {
        await new Promise<void>((resolve) => {
          pause = setTimeout(resolve, ahead)
        })
      }
      if (finished) return
      const taken = deliver(unit)
      if (waits && taken !== undefined) await taken
      if (finished) return
    }
  }

  const playAll = async (): Promise<void> => {
    if (playing) return
    playing = true
    try {
      while (next !== undefined && !finished) {
        const { end, units } = next
        next = undefined
        if (!end) ask()
        await play(units)
        if (end && !finished) {
          stop()
          listener.onEnd()
        }
      }
    } catch (error) {
      fail("device", `the reader of its access units failed: ${String(error)}`)
    } finally {
      playing = false
    }
  }

  const receive = (message: FromWorker) => {
    if (finished) return
    clearTimeout(limit)
    limit = undefined
    switch (message.type) {
      case "demuxing": {
        listener.onOpen(message.description)
        return ask()
      }
      case "units": {
        next = message
        return void playAll()
      }
      case "demux-failed":
        return fail(message.reason, message.detail)
      default:
        return
    }
  }

  const tenant: WorkerTenant = {
    id,
    owner: input.path,
    attach: (worker) => {
      if (finished) return
      link = worker
      limitWait("opening")
      worker.send({ type: "demux", demuxer: id, input })
    },
    detach: (reason) => {
      link = undefined
      fail("device", `the media worker that read it ended: ${reason}`)
    },
    receive,
    atWork: () => limit !== undefined
  }
  return { tenant, statistics, close: stop }
}
