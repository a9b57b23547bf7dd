import { Context, Schema } from "effect"
import type { Effect } from "effect"
import type { EventChange, EventEntry, EventPage, EventQuery } from "../Event.js"
import { CameraId, Epoch, EventId, type TenantId } from "../Ids.js"
import type { CursorRefused } from "../PageCursor.js"
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

/** An event has as many tags or notes as it may have. */
export class EventFull extends Schema.TaggedError<EventFull>()("EventFull", {
  eventId: EventId,
  what: Schema.Literal("tags", "notes"),
  most: Schema.Int
}) {
  override get message() {
    return `event ${this.eventId} may have ${this.most} ${this.what} at the most`
  }
}

/** Where a log ends whose last events may have been erased before they came here. */
export interface AdoptedEnd {
  readonly tenantId: TenantId
  readonly epoch: Epoch
  readonly sequence: number
}

/** The log of events: one sequence per camera, without gaps but for what was erased. */
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
    /**
     * The same for entries that were stored elsewhere first, and of which some were erased there or on their way: sequences may be missing, and the log ends at `end`.
     */
    readonly adopt: (
      cameraId: CameraId,
      entries: ReadonlyArray<EventEntry>,
      end: AdoptedEnd
    ) => Effect.Effect<void, StaleEpoch | StoreUnavailable>
    /** Up to which sequence the camera ever wrote, and up to which of them is known to be published; 0 when none is. */
    readonly progress: (
      cameraId: CameraId
    ) => Effect.Effect<{ readonly stored: number; readonly published: number }, StoreUnavailable>
    /** The camera's entries with a higher sequence, in order, as they are now. */
    readonly after: (
      cameraId: CameraId,
      sequence: number,
      limit: number
    ) => Effect.Effect<ReadonlyArray<EventEntry>, StoreUnavailable>
    /** Everything of the camera up to the sequence is published; a lower one than before changes nothing. */
    readonly markPublished: (cameraId: CameraId, sequence: number) => Effect.Effect<void, StoreUnavailable>
    /** Cameras that have entries older than so many milliseconds that are not known to be published. */
    readonly unpublished: (age: number) => Effect.Effect<ReadonlyArray<CameraId>, StoreUnavailable>
    readonly query: (tenant: TenantId, query: EventQuery) => Effect.Effect<EventPage, CursorRefused | StoreUnavailable>
    readonly get: (tenant: TenantId, id: EventId) => Effect.Effect<EventEntry, EventNotFound | StoreUnavailable>
    /** Tells of it through the {@link Outbox}, where there is one. */
    readonly change: (
      tenant: TenantId,
      id: EventId,
      change: EventChange
    ) => Effect.Effect<EventEntry, EventFull | EventNotFound | StoreUnavailable>
  }
>() {}
