import type { CameraStatus } from "@vigil/core/CameraStatus"
import type { EdgeAction, EdgeAnswer } from "@vigil/core/EdgeCommand"
import type { CameraId } from "@vigil/core/Ids"
import { CameraControl, CameraNotRunning } from "@vigil/core/port/CameraControl"
import { LiveViewNotFound, LiveViews } from "@vigil/core/port/LiveViews"
import { Context, Duration, Effect, Layer, Option, Schedule, Stream } from "effect"
import { EdgeLinks } from "./EdgeLinks.js"

/** How long an edge may take; the way to it may be slow. */
const limits = {
  restart: Duration.seconds(8),
  keyframe: Duration.seconds(5),
  snapshot: Duration.seconds(15),
  openView: Duration.seconds(20),
  closeView: Duration.seconds(8)
} as const

const watchInterval = Duration.seconds(1)

type Answered<Tag extends EdgeAnswer["_tag"]> = Extract<EdgeAnswer, { readonly _tag: Tag }>
type Refusal = Answered<"Refused">["error"]

/** Statuses that are others than the round before. */
const changed = (statuses: ReadonlyArray<CameraStatus>, known: Map<CameraId, string>): ReadonlyArray<CameraStatus> =>
  statuses.filter((status) => {
    const { updatedAt: _, ...facts } = status
    const print = JSON.stringify(facts)
    if (known.get(status.cameraId) === print) return false
    known.set(status.cameraId, print)
    return true
  })

const make = Effect.gen(function* () {
  const control = yield* CameraControl
  const views = yield* LiveViews
  const links = yield* EdgeLinks

  /** Asks the camera's edge, and takes the one kind of answer that there is beside a refusal. */
  const ask = <Tag extends EdgeAnswer["_tag"], E extends Refusal>(
    cameraId: CameraId,
    action: EdgeAction,
    limit: Duration.Duration,
    tag: Tag,
    isOwn: (error: Refusal) => error is E
  ): Effect.Effect<Answered<Tag>, E | CameraNotRunning> => {
    const isWanted = (answer: EdgeAnswer): answer is Answered<Tag> => answer._tag === tag
    return Effect.flatMap(links.ask(cameraId, action, limit), (answer): Effect.Effect<Answered<Tag>, E | CameraNotRunning> => {
      if (Option.isNone(answer)) return Effect.fail(new CameraNotRunning({ cameraId }))
      if (isWanted(answer.value)) return Effect.succeed(answer.value)
      const { value } = answer
      return value._tag === "Refused" && isOwn(value.error)
        ? Effect.fail(value.error)
        : Effect.fail(new CameraNotRunning({ cameraId }))
    })
  }

  const isNotRunning = (error: Refusal) => error._tag === "CameraNotRunning"

  const statuses = Effect.map(control.statuses, (own) => [
    ...own.filter(({ cameraId }) => !links.has(cameraId)),
    ...links.statuses()
  ])

  const ofEdges = Stream.suspend(() => {
    const known = new Map<CameraId, string>()
    return Stream.repeatEffectWithSchedule(Effect.sync(links.statuses), Schedule.spaced(watchInterval)).pipe(
      Stream.mapConcat((all) => changed(all, known))
    )
  })

  const edgeControl = CameraControl.of({
    status: (id) =>
      links.has(id)
        ? Effect.mapError(Effect.fromNullable(links.status(id)), () => new CameraNotRunning({ cameraId: id }))
        : control.status(id),
    statuses,
    watch: Stream.merge(
      Stream.filter(control.watch, ({ cameraId }) => !links.has(cameraId)),
      ofEdges
    ),
    overlays: (id) => (links.has(id) ? Stream.fail(new CameraNotRunning({ cameraId: id })) : control.overlays(id)),
    snapshot: (id) =>
      links.has(id)
        ? Effect.map(
            ask(
              id,
              { _tag: "Snapshot" },
              limits.snapshot,
              "Picture",
              (error) => isNotRunning(error) || error._tag === "NoPicture"
            ),
            ({ jpeg }) => jpeg
          )
        : control.snapshot(id),
    requestKeyframe: (id) =>
      links.has(id)
        ? Effect.map(
            ask(
              id,
              { _tag: "RequestKeyframe" },
              limits.keyframe,
              "Asked",
              (error) => isNotRunning(error) || error._tag === "NoKeyframe"
            ),
            ({ method }) => method
          )
        : control.requestKeyframe(id),
    restart: (id) =>
      links.has(id)
        ? Effect.map(ask(id, { _tag: "Restart" }, limits.restart, "Restarted", isNotRunning), ({ status }) => ({
            ...status,
            node: links.status(id)?.node ?? status.node
          }))
        : control.restart(id),
    probe: control.probe
  })

  const edgeViews = LiveViews.of({
    open: (cameraId, offer) =>
      links.has(cameraId)
        ? ask(
            cameraId,
            { _tag: "OpenView", offer },
            limits.openView,
            "Opened",
            (error) => isNotRunning(error) || error._tag === "LiveViewRefused"
          )
        : views.open(cameraId, offer),
    close: (cameraId, viewId) =>
      links.has(cameraId)
        ? ask(
            cameraId,
            { _tag: "CloseView", viewId },
            limits.closeView,
            "Closed",
            (error) => error._tag === "LiveViewNotFound"
          ).pipe(
            Effect.asVoid,
            Effect.catchTag("CameraNotRunning", () => new LiveViewNotFound({ viewId }))
          )
        : views.close(cameraId, viewId)
  })

  return Context.make(CameraControl, edgeControl).pipe(Context.add(LiveViews, edgeViews))
})

/** The cameras of the centre's nodes and of edges as one; edges are asked over their links. Needs those of the nodes alone. */
export const layerEdgeControl = Layer.effectContext(make).pipe(Layer.provideMerge(EdgeLinks.layer))
