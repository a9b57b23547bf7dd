import { CameraNotRunning } from "@vigil/core/port/CameraControl"
import { LiveViewNotFound, LiveViewRefused, LiveViews } from "@vigil/core/port/LiveViews"
import type { CameraId } from "@vigil/core/Ids"
import { Config, Effect, Layer, Metric, Schedule } from "effect"
import { randomUUID } from "node:crypto"
import { type CameraActor, CameraActors } from "../camera/CameraActors.js"
import { webRtcConfig } from "../webrtc/WebRtcOptions.js"
import { type LiveView, type LiveViewOptions, openLiveView } from "./LiveView.js"
import { isPlayable } from "./LiveStream.js"

export interface LiveViewsOptions extends LiveViewOptions {
  /** Viewers that this node serves at a time. */
  readonly limit: number
}

/** {@link webRtcConfig} and `VIGIL_WEBRTC_VIEWERS`. */
const liveViewsConfig: Config.Config<LiveViewsOptions> = Config.all({
  webRtc: webRtcConfig,
  limit: Config.integer("VIGIL_WEBRTC_VIEWERS").pipe(Config.withDefault(256))
}).pipe(Config.map(({ limit, webRtc }) => ({ ...webRtc, silence: 15_000, limit })))

/** How often views are looked at whose camera ended here: it moved to another node, or was removed. */
const orphanInterval = "1 second"

const viewersGauge = Metric.gauge("vigil_live_views", { description: "WebRTC viewers that are being served" })

/** An offer that is not SDP, or larger than any browser's, is refused before it is parsed. */
const checkOffer = (cameraId: CameraId, offer: string) =>
  offer.startsWith("v=0") && offer.length <= 64 * 1024
    ? Effect.void
    : Effect.fail(new LiveViewRefused({ cameraId, reason: "offer", detail: "the offer is not an SDP session description" }))

const make = (options: LiveViewsOptions) =>
  Effect.gen(function* () {
    const actors = yield* CameraActors
    const views = new Map<string, { readonly actor: CameraActor; readonly view: Promise<LiveView> }>()

    const closeAll = Effect.promise(async () => {
      const open = [...views.values()]
      views.clear()
      await Promise.allSettled(open.map(async ({ view }) => (await view).close()))
    })
    yield* Effect.addFinalizer(() => closeAll)

    /** A viewer of an actor that has ended asks again, and is answered by the node that runs the camera now. */
    const closeOrphans = Effect.promise(async () => {
      const orphans = [...views.values()].filter(({ actor }) => actors.get(actor.id) !== actor)
      await Promise.allSettled(orphans.map(async ({ view }) => (await view).close()))
    })
    yield* closeOrphans.pipe(Effect.repeat(Schedule.spaced(orphanInterval)), Effect.forkScoped)

    const refuse = (cameraId: CameraId, reason: LiveViewRefused["reason"], detail: string) =>
      Effect.fail(new LiveViewRefused({ cameraId, reason, detail }))

    const open = Effect.fn("LiveViews.open")(function* (cameraId: CameraId, offer: string) {
      yield* checkOffer(cameraId, offer)
      const actor = actors.get(cameraId)
      if (actor === undefined) return yield* new CameraNotRunning({ cameraId })
      const video = actor.hub.description()?.tracks.find((track) => track.kind === "video")
      if (video !== undefined && !actor.live.isMasked() && !isPlayable(video.codec)) {
        return yield* refuse(cameraId, "codec", `browsers do not play ${video.codec} over WebRTC: give it an H.264 stream`)
      }
      if (views.size >= options.limit) {
        return yield* refuse(cameraId, "limit", `this node serves ${options.limit} viewers already`)
      }
      const viewId = randomUUID()
      const gone = () => {
        views.delete(viewId)
        viewersGauge.unsafeUpdate(views.size, [])
      }
      const pending = openLiveView(actor.live, offer, options, gone)
      views.set(viewId, { actor, view: pending })
      viewersGauge.unsafeUpdate(views.size, [])
      const view = yield* Effect.tryPromise({
        try: () => pending,
        catch: (error) =>
          new LiveViewRefused({
            cameraId,
            reason: "offer",
            detail: `the offer cannot be answered: ${error instanceof Error ? error.message : String(error)}`
          })
      }).pipe(Effect.tapError(() => Effect.sync(gone)))
      return { viewId, answer: view.answer }
    })

    const close = Effect.fn("LiveViews.close")(function* (cameraId: CameraId, viewId: string) {
      const known = views.get(viewId)
      if (known === undefined || known.actor.id !== cameraId) return yield* new LiveViewNotFound({ viewId })
      yield* Effect.promise(async () => (await known.view).close())
    })

    return LiveViews.of({ open, close })
  })

export const layer = (options: LiveViewsOptions) => Layer.scoped(LiveViews, make(options))

export const layerConfig = Layer.scoped(LiveViews, Effect.flatMap(liveViewsConfig, make))
