import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { ModelId } from "@vigil/core/Ids"
import type { VideoTrack } from "@vigil/core/MediaTrack"
import { ModelError } from "@vigil/core/Model"
import { CameraNotRunning, NoPicture } from "@vigil/core/port/CameraControl"
import { LiveViewNotFound, LiveViews } from "@vigil/core/port/LiveViews"
import { PublicationNotFound, Publications } from "@vigil/core/port/Publications"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { type AccessUnitSink, emptyStatistics, type SourceConfig, type SourceError } from "@vigil/core/Source"
import { type CameraDecoder, type DecodeDemand, type DecoderListener, MediaWorkers } from "@vigil/runtime/media/MediaWorkers"
import * as ModelLibraryLive from "@vigil/runtime/model/ModelLibraryLive"
import { Sources } from "@vigil/runtime/source/Sources"
import { Deferred, Effect, Layer, Option, type Scope } from "effect"

/** One opening of the scripted source, as a test sees and drives it. */
export interface Opened {
  readonly config: SourceConfig
  readonly send: (unit: AccessUnit) => void
  readonly lose: (error: SourceError) => void
  closed: boolean
}

/** Sources whose openings a test answers itself: `refuse` holds the errors of the next openings. */
export interface ScriptedSources {
  readonly opened: Array<Opened>
  readonly refuse: Array<SourceError>
  track: VideoTrack
}

export const scriptedSources = (): ScriptedSources => ({
  opened: [],
  refuse: [],
  track: { kind: "video", codec: "h264", width: 640, height: 480, parameterSets: [] }
})

const open =
  (script: ScriptedSources) =>
  (
    config: SourceConfig,
    sink: AccessUnitSink
  ): Effect.Effect<
    {
      readonly description: { readonly protocol: string; readonly tracks: ReadonlyArray<VideoTrack> }
      readonly statistics: () => typeof emptyStatistics
      readonly ended: Effect.Effect<void, SourceError>
    },
    SourceError,
    Scope.Scope
  > =>
    Effect.gen(function* () {
      const refused = script.refuse.shift()
      if (refused !== undefined) return yield* refused
      const ended = yield* Deferred.make<void, SourceError>()
      const opening: Opened = {
        config,
        send: (unit) => void sink(unit),
        lose: (error) => Deferred.unsafeDone(ended, error),
        closed: false
      }
      script.opened.push(opening)
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          opening.closed = true
        })
      )
      return {
        description: { protocol: "scripted", tracks: [script.track] },
        statistics: () => emptyStatistics,
        ended: Deferred.await(ended)
      }
    })

export const layerSources = (script: ScriptedSources) => Layer.succeed(Sources, { open: open(script) })

/** A decoder that only remembers what it was given. */
export interface RecordedDecoder {
  readonly track: VideoTrack
  readonly units: Array<AccessUnit>
  readonly demands: Array<DecodeDemand>
  readonly listener: DecoderListener
  closed: boolean
}

export const layerWorkers = (decoders: Array<RecordedDecoder>) =>
  Layer.succeed(MediaWorkers, {
    openDecoder: (cameraId, track, demand, listener) =>
      Effect.gen(function* () {
        const recorded: RecordedDecoder = { track, units: [], demands: [demand], listener, closed: false }
        decoders.push(recorded)
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            recorded.closed = true
          })
        )
        const decoder: CameraDecoder = {
          push: (unit) => void recorded.units.push(unit),
          configure: (next) => void recorded.demands.push(next),
          snapshot: new NoPicture({ cameraId, detail: "nothing is decoded here" }),
          drain: Effect.void,
          statistics: () => ({
            decoded: recorded.units.length,
            dropped: 0,
            skipped: 0,
            errors: 0,
            inferences: 0,
            inferencesDropped: 0,
            restarts: 0
          })
        }
        return decoder
      }),
    openDemuxer: () => Effect.die("no files here"),
    health: Effect.succeed([])
  })

const absent = (model: ModelId) => new ModelError({ model, reason: "not-installed", detail: "no models here" })

export const layerNoModels = ModelLibraryLive.layer.pipe(
  Layer.provideMerge(
    Layer.succeed(ModelCatalogue, {
      list: Effect.succeed([]),
      installed: absent,
      preferred: () => Effect.succeed(Option.none()),
      pull: absent,
      install: (descriptor) => absent(descriptor.id),
      remove: absent
    })
  ),
  Layer.orDie
)

/** A node that serves no live views, and takes no publishers in. */
export const layerNoViews = Layer.merge(
  Layer.succeed(LiveViews, {
    open: (cameraId) => new CameraNotRunning({ cameraId }),
    close: (_, viewId) => new LiveViewNotFound({ viewId })
  }),
  Layer.succeed(Publications, {
    open: (cameraId) => new CameraNotRunning({ cameraId }),
    close: (_, publicationId) => new PublicationNotFound({ publicationId }),
    closeAll: () => Effect.void
  })
)
