import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { CameraId } from "@vigil/core/Ids"
import type { VideoTrack } from "@vigil/core/MediaTrack"
import { NoPicture } from "@vigil/core/port/CameraControl"
import { Effect, Exit, Scope } from "effect"
import {
  type CameraDecoder,
  type DecodeDemand,
  type DecoderListener,
  type DecoderStatistics,
  MediaWorkers
} from "../media/MediaWorkers.js"

/** A camera's decoder: one for as long as codec and size stay, over any number of connections. */
export interface DecoderSlot {
  /** Opens a decoder for the track, unless the one that is open suits it. */
  readonly fit: (track: VideoTrack, demand: DecodeDemand) => Effect.Effect<void>
  readonly push: (unit: AccessUnit) => void | Promise<void>
  readonly configure: (demand: DecodeDemand) => void
  readonly snapshot: Effect.Effect<Uint8Array, NoPicture>
  /** Over all decoders that the camera has had. */
  readonly statistics: () => DecoderStatistics
}

interface Open {
  readonly decoder: CameraDecoder
  readonly track: VideoTrack
  readonly scope: Scope.CloseableScope
}

const nothing: DecoderStatistics = {
  decoded: 0,
  dropped: 0,
  skipped: 0,
  errors: 0,
  inferences: 0,
  inferencesDropped: 0,
  restarts: 0
}

const sum = (a: DecoderStatistics, b: DecoderStatistics): DecoderStatistics => ({
  decoded: a.decoded + b.decoded,
  dropped: a.dropped + b.dropped,
  skipped: a.skipped + b.skipped,
  errors: a.errors + b.errors,
  inferences: a.inferences + b.inferences,
  inferencesDropped: a.inferencesDropped + b.inferencesDropped,
  restarts: a.restarts + b.restarts
})

const suits = (a: VideoTrack, b: VideoTrack): boolean => a.codec === b.codec && a.width === b.width && a.height === b.height

export const makeDecoderSlot = (cameraId: CameraId, listener: DecoderListener) =>
  Effect.gen(function* () {
    const workers = yield* MediaWorkers
    const scope = yield* Effect.scope
    let open: Open | undefined
    let past = nothing

    const close = Effect.suspend(() => {
      const closed = open
      open = undefined
      if (closed === undefined) return Effect.void
      past = sum(past, closed.decoder.statistics())
      return Scope.close(closed.scope, Exit.void)
    })

    const slot: DecoderSlot = {
      fit: (track, demand) =>
        Effect.gen(function* () {
          if (open !== undefined && suits(open.track, track)) return
          yield* close
          const decoderScope = yield* Scope.fork(scope, scope.strategy)
          const decoder = yield* workers.openDecoder(cameraId, track, demand, listener).pipe(Scope.extend(decoderScope))
          open = { decoder, track, scope: decoderScope }
        }),
      push: (unit) => (unit.kind === "video" ? open?.decoder.push(unit) : undefined),
      configure: (demand) => open?.decoder.configure(demand),
      snapshot: Effect.suspend(() =>
        open === undefined ? new NoPicture({ cameraId, detail: "its source has not been open yet" }) : open.decoder.snapshot
      ),
      statistics: () => (open === undefined ? past : sum(past, open.decoder.statistics()))
    }
    return slot
  })
