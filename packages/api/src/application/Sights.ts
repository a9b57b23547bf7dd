import type { CameraId } from "@vigil/core/Ids"
import { CameraNotFound, CameraStore } from "@vigil/core/port/CameraStore"
import { GrantStore } from "@vigil/core/port/GrantStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import type { User } from "@vigil/core/User"
import { Context, Data, Effect, Layer, Option, RcMap, Schedule, type Scope, Stream, SubscriptionRef } from "effect"

type Reach = Option.Option<ReadonlySet<CameraId>>

const isIn = (reach: Reach, id: CameraId): boolean => Option.isNone(reach) || reach.value.has(id)

const isSame = (a: Reach, b: Reach): boolean => {
  if (Option.isNone(a) || Option.isNone(b)) return Option.isNone(a) && Option.isNone(b)
  const { value: fresh } = b
  return a.value.size === fresh.size && [...a.value].every((id) => fresh.has(id))
}

/** The cameras that a user sees, followed as grants, places and cameras change. */
export interface Sight {
  /** Whether the camera, which must be one of the user's tenant, is in reach. */
  readonly allows: (id: CameraId) => Effect.Effect<boolean>
  /** Whether a camera of any tenant is in reach. */
  readonly sees: (id: CameraId) => Effect.Effect<boolean>
  /** Those of some cameras that have just come in reach, each time that there are any. */
  readonly gained: <A extends { readonly cameraId: CameraId }>(among: Effect.Effect<ReadonlyArray<A>>) => Stream.Stream<A>
  /** Fails once the camera is out of reach. */
  readonly lost: (id: CameraId) => Effect.Effect<void, CameraNotFound>
}

class Viewer extends Data.Class<Pick<User, "id" | "tenantId">> {}

const makeSight = ({ id: user, tenantId }: Viewer) =>
  Effect.gen(function* () {
    const grants = yield* GrantStore
    const cameras = yield* CameraStore
    const reach = yield* SubscriptionRef.make<Reach>(Option.some(new Set()))
    const owned = new Map<CameraId, boolean>()
    const alone = yield* Effect.makeSemaphore(1)

    /** One look after another, so that an older one never comes last. */
    const look = alone.withPermits(1)(
      Effect.gen(function* () {
        const [before, now] = [yield* reach, yield* grants.reach(tenantId, user)]
        if (isSame(before, now)) return
        owned.clear()
        yield* SubscriptionRef.set(reach, now)
      })
    )
    // Listening before the first look: what changes from then on is heard.
    yield* Stream.merge(grants.changes, cameras.changes).pipe(
      Stream.runForEach(() => Effect.retry(look, Schedule.spaced("1 second"))),
      Effect.forkScoped
    )
    yield* Effect.yieldNow()
    yield* look

    /** Whether a camera is the tenant's; asked for once, because a camera never changes its tenant. */
    const owns = (id: CameraId): Effect.Effect<boolean> => {
      const known = owned.get(id)
      if (known !== undefined) return Effect.succeed(known)
      return cameras.get(tenantId, id).pipe(
        Effect.as(true),
        Effect.catchTag("CameraNotFound", () => Effect.succeed(false)),
        Effect.tap((isOwn) => owned.set(id, isOwn)),
        // Not known for now: whoever hears of the camera next asks again.
        Effect.catchTag("StoreUnavailable", () => Effect.succeed(false))
      )
    }

    const sees = (id: CameraId) =>
      Effect.flatMap(reach, (now) => (Option.isNone(now) ? owns(id) : Effect.succeed(now.value.has(id))))

    const sight: Sight = {
      allows: (id) => Effect.map(reach, (now) => isIn(now, id)),
      sees,
      gained: (among) =>
        reach.changes.pipe(
          Stream.zipWithPrevious,
          Stream.filterMap(([before]) => before),
          Stream.mapConcatEffect((before) => Effect.map(among, (all) => all.filter(({ cameraId }) => !isIn(before, cameraId)))),
          Stream.filterEffect(({ cameraId }) => sees(cameraId))
        ),
      lost: (cameraId) =>
        reach.changes.pipe(
          Stream.filter((now) => !isIn(now, cameraId)),
          Stream.take(1),
          Stream.runDrain,
          Effect.zipRight(Effect.fail(new CameraNotFound({ cameraId })))
        )
    }
    return sight
  })

/** What users see for as long as they look: one look for all open streams of a user. */
export class Sights extends Context.Tag("@vigil/api/Sights")<
  Sights,
  { readonly of: (user: User) => Effect.Effect<Sight, StoreUnavailable, Scope.Scope> }
>() {
  static readonly layer: Layer.Layer<Sights, never, CameraStore | GrantStore> = Layer.scoped(
    Sights,
    Effect.map(RcMap.make({ lookup: makeSight }), (sights) => ({
      of: ({ id, tenantId }: User) => RcMap.get(sights, new Viewer({ id, tenantId }))
    }))
  )
}
