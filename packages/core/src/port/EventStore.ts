import { Context, Schema } from "effect"
import type { Effect } from "effect"
import type { EventEntry, EventPage, EventQuery, EventStatus } from "../Event.js"
import { CameraId, Epoch, EventId, type TenantId } from "../Ids.js"
import type { StoreUnavailable } from "./StoreError.js"

/** A newer actor of the camera has written already: the writer must stop. */
export class StaleEpoch extends Schema.TaggedError<StaleEpoch>()("StaleEpoch", {
  cameraId: CameraId,
  epoch: Epoch,
  current: Epoch
}) {
  override get message() {
    return `camera ${this.cameraId}: epoch ${this.epoch} is over, ${this.current} is running`
  }
}

export class EventNotFound extends Schema.TaggedError<EventNotFound>()("EventNotFound", { eventId: EventId }) {
  override get message() {
    return `there is no event ${this.eventId}`
  }
}

/** The log of events: one sequence without gaps per camera. */
export class EventStore extends Context.Tag("@vigil/core/EventStore")<
  EventStore,
  {
    /**
     * Writes entries of one camera in order, all or none. Writing an entry again (same event id and sequence) changes nothing.
     * Claims the epoch: from then on lower ones are refused. An entry that would leave a gap in the camera's sequence, or take a
     * sequence of another event, is refused as `StoreUnavailable`.
     */
    readonly append: (
      cameraId: CameraId,
      entries: ReadonlyArray<EventEntry>
    ) => Effect.Effect<void, StaleEpoch | StoreUnavailable>
    /** The newest sequence that the camera ever wrote, 0 when it has had no events. */
    readonly lastSequence: (cameraId: CameraId) => Effect.Effect<number, StoreUnavailable>
    readonly query: (tenant: TenantId, query: EventQuery) => Effect.Effect<EventPage, StoreUnavailable>
    readonly get: (tenant: TenantId, id: EventId) => Effect.Effect<EventEntry, EventNotFound | StoreUnavailable>
    readonly setStatus: (
      tenant: TenantId,
      id: EventId,
      status: EventStatus
    ) => Effect.Effect<EventEntry, EventNotFound | StoreUnavailable>
  }
>() {}
