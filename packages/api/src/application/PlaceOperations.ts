import { allowedWithinReach, authorize, inCallersName } from "@vigil/core/control/Authorization"
import type { PlaceId } from "@vigil/core/Ids"
import type { NewPlace, PlacePatch } from "@vigil/core/Place"
import { PlaceStore } from "@vigil/core/port/PlaceStore"
import type { ComingBack } from "@vigil/core/Rollback"
import { Effect } from "effect"

export const listPlaces = Effect.gen(function* () {
  const { tenantId } = yield* authorize("viewer")
  return yield* (yield* PlaceStore).list(tenantId)
})

export const getPlace = (id: PlaceId) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("viewer")
    return yield* (yield* PlaceStore).get(tenantId, id)
  })

export const createPlace = (place: NewPlace) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("supervisor")
    return yield* allowedWithinReach((yield* PlaceStore).create(tenantId, place))
  }).pipe(inCallersName)

/** Adds a place that was removed, as the one that it was. */
export const restorePlace = (back: ComingBack<PlaceId>, place: NewPlace) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("supervisor")
    return yield* allowedWithinReach((yield* PlaceStore).restore(tenantId, back, place))
  }).pipe(inCallersName)

export const changePlace = (id: PlaceId, patch: PlacePatch, expectedRevision?: number) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("supervisor")
    return yield* allowedWithinReach((yield* PlaceStore).update(tenantId, id, patch, expectedRevision))
  }).pipe(inCallersName)

export const removePlace = (id: PlaceId, expectedRevision?: number) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("supervisor")
    yield* (yield* PlaceStore).remove(tenantId, id, expectedRevision)
  }).pipe(inCallersName)
