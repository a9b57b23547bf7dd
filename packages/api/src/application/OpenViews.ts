import type { CameraId } from "@vigil/core/Ids"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { GrantStore } from "@vigil/core/port/GrantStore"
import { LiveViews } from "@vigil/core/port/LiveViews"
import type { User } from "@vigil/core/User"
import { Array, Context, Effect, FiberMap, Layer, Option, Queue, Schedule, Stream } from "effect"

interface OpenView {
  readonly viewId: string
  readonly cameraId: CameraId
  readonly viewer: Pick<User, "id" | "tenantId">
  /** The session, or API key, that opened it. */
  readonly stay: Stay
}

/** What lets somebody in for a while, by a name of its own; completes once it does no more. */
export interface Stay {
  readonly name: string
  readonly ended: Effect.Effect<void>
}

/** Views that are remembered at a time; the oldest is forgotten first. */
const mostViews = 20_000

/** How often views are forgotten whose camera has no viewers any more: most viewers just go away. */
const tidyEvery = "1 minute"

/**
 * The live views that this server has opened. Their media comes from the camera's node to the viewer directly, so that nothing passes by here that could
 * be cut: a view is closed once its camera is out of the viewer's reach, and once the session that opened it has ended.
 */
export class OpenViews extends Context.Tag("@vigil/api/OpenViews")<
  OpenViews,
  {
    readonly add: (view: OpenView) => Effect.Effect<void>
    readonly forget: (viewId: string) => Effect.Effect<void>
  }
>() {
  static readonly layer: Layer.Layer<OpenViews, never, CameraControl | CameraStore | GrantStore | LiveViews> = Layer.scoped(
    OpenViews,
    Effect.gen(function* () {
      const control = yield* CameraControl
      const cameras = yield* CameraStore
      const grants = yield* GrantStore
      const live = yield* LiveViews
      const views = new Map<string, OpenView & { readonly since: number }>()
      const hints = yield* Queue.sliding<void>(1)
      const stays = yield* FiberMap.make<string>()

      const close = ({ cameraId, viewId }: OpenView) =>
        Effect.zipRight(
          Effect.sync(() => views.delete(viewId)),
          // It has ended already.
          Effect.catchTag(live.close(cameraId, viewId), "LiveViewNotFound", () => Effect.void)
        )

      const lookFor = (own: Array.NonEmptyReadonlyArray<OpenView>) =>
        Effect.gen(function* () {
          const { id, tenantId } = own[0].viewer
          const reach = yield* grants.reach(tenantId, id)
          if (Option.isNone(reach)) return
          const lost = own.filter(({ cameraId }) => !reach.value.has(cameraId))
          yield* Effect.forEach(lost, close, { discard: true })
        })

      const look = Effect.suspend(() =>
        Effect.forEach(Object.values(Array.groupBy(views.values(), ({ viewer }) => viewer.id)), lookFor, { discard: true })
      )

      const ofStay = (name: string) => [...views.values()].filter(({ stay }) => stay.name === name)

      /** One look-out for all views of a session, for as long as there are any. */
      const followStay = ({ ended, name }: Stay) => {
        const closeAll = Effect.suspend(() => Effect.forEach(ofStay(name), close, { discard: true }))
        return FiberMap.run(stays, name, Effect.zipRight(ended, closeAll), { onlyIfMissing: true })
      }

      const leaveStays = Effect.suspend(() => {
        const open = new Set([...views.values()].map(({ stay }) => stay.name))
        const left = Array.fromIterable(stays).filter(([name]) => !open.has(name))
        return Effect.forEach(left, ([name]) => FiberMap.remove(stays, name), { discard: true })
      })

      const tidy = Effect.gen(function* () {
        const watched = new Set((yield* control.statuses).filter(({ viewers }) => viewers > 0).map(({ cameraId }) => cameraId))
        const before = performance.now() - 60_000
        for (const { cameraId, since, viewId } of views.values()) {
          if (since < before && !watched.has(cameraId)) views.delete(viewId)
        }
        yield* leaveStays
      })

      yield* Stream.merge(grants.changes, cameras.changes).pipe(
        Stream.runForEach(() => hints.offer(undefined)),
        Effect.forkScoped
      )
      yield* Effect.zipRight(hints.take, Effect.retry(look, Schedule.spaced("1 second"))).pipe(Effect.forever, Effect.forkScoped)
      yield* Effect.repeat(tidy, Schedule.spaced(tidyEvery)).pipe(Effect.forkScoped)

      return OpenViews.of({
        add: (view) =>
          Effect.suspend(() => {
            for (const oldest of views.keys()) {
              if (views.size < mostViews) break
              views.delete(oldest)
            }
            views.set(view.viewId, { ...view, since: performance.now() })
            // What changed while the view was opened was not told to it.
            return Effect.zipRight(followStay(view.stay), hints.offer(undefined))
          }),
        forget: (viewId) => Effect.sync(() => views.delete(viewId))
      })
    })
  )
}
