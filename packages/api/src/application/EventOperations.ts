/**
 * What people may do with events, whichever way they call. Each operation checks the role and sees the caller's tenant only.
 *
 * @module
 */
import type { EventPatch, EventQuery, NewEventNote } from "@vigil/core/Event"
import type { EventId } from "@vigil/core/Ids"
import { Bus } from "@vigil/core/port/Bus"
import { EventStore } from "@vigil/core/port/EventStore"
import { DateTime, Effect, Option, Stream } from "effect"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import { Sights } from "./Sights.js"

export const queryEvents = (query: EventQuery) =>
  Effect.gen(function* () {
    const user = yield* authorize("viewer")
    return yield* (yield* EventStore).query(user.tenantId, query)
  })

export const getEvent = (id: EventId) =>
  Effect.gen(function* () {
    const user = yield* authorize("viewer")
    return yield* (yield* EventStore).get(user.tenantId, id)
  })

/** Whoever watches events gets the entry again, as it is now: the store tells the bus. */
export const changeEvent = (id: EventId, patch: EventPatch) =>
  Effect.gen(function* () {
    const user = yield* authorize("operator")
    return yield* (yield* EventStore).change(user.tenantId, id, patch)
  }).pipe(inCallersName)

export const addEventNote = (id: EventId, { text }: NewEventNote) =>
  Effect.gen(function* () {
    const user = yield* authorize("operator")
    const note = { by: user.username, at: yield* DateTime.now, text }
    return yield* (yield* EventStore).change(user.tenantId, id, { note })
  }).pipe(inCallersName)

/** From a position of the bus on, or from now. */
export const watchEvents = (from: number | undefined) =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const user = yield* authorize("viewer")
      const sight = yield* (yield* Sights).of(user)
      const deliveries = yield* (yield* Bus).follow({
        from: from ?? "now",
        tenant: user.tenantId,
        types: ["event.stored", "event.status"]
      })
      return deliveries.pipe(
        Stream.filterMap(({ message, position }) =>
          "entry" in message ? Option.some({ position, entry: message.entry }) : Option.none()
        ),
        Stream.filterEffect(({ entry: { event } }) => sight.allows(event.cameraId))
      )
    })
  )
