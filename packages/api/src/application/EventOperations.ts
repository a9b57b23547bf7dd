/**
 * What people may do with events, whichever way they call. Each operation checks the role and sees the caller's tenant only.
 *
 * @module
 */
import type { EventQuery, EventStatus } from "@vigil/core/Event"
import type { EventId } from "@vigil/core/Ids"
import { EventBus } from "@vigil/core/port/EventBus"
import { EventStore } from "@vigil/core/port/EventStore"
import { Effect, Stream } from "effect"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"

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

/** Whoever watches events gets the entry again, as it is now. */
export const setEventStatus = (id: EventId, status: EventStatus) =>
  Effect.gen(function* () {
    const user = yield* authorize("operator")
    const entry = yield* (yield* EventStore).setStatus(user.tenantId, id, status)
    yield* (yield* EventBus).publish([entry])
    return entry
  }).pipe(inCallersName)

export const watchEvents = Stream.unwrapScoped(
  Effect.gen(function* () {
    const user = yield* authorize("viewer")
    const entries = yield* (yield* EventBus).subscribe
    return Stream.filter(entries, ({ event }) => event.customerId === user.tenantId)
  })
)
