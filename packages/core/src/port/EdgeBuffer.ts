import { Context, Schema } from "effect"
import type { DateTime, Effect } from "effect"
import type { EdgeAssignment } from "../EdgeAssignment.js"
import { type CameraId, EdgeId } from "../Ids.js"
import type { LogEnd } from "./EdgeStore.js"
import type { StoreUnavailable } from "./StoreError.js"

/** The data folder holds another edge's cameras and events. */
export class EdgeFolderTaken extends Schema.TaggedError<EdgeFolderTaken>()("EdgeFolderTaken", {
  edgeId: EdgeId,
  owner: EdgeId
}) {
  override get message() {
    return `the data folder is of the edge ${this.owner}, and the token of the edge ${this.edgeId}: take another data folder (VIGIL_DATA)`
  }
}

/** Events of one camera that the centre has not acknowledged. */
export interface Undelivered {
  readonly cameraId: CameraId
  /** Up to which sequence the centre has them. */
  readonly delivered: number
  readonly events: number
  readonly oldest: DateTime.Utc
}

/** What an edge keeps of the centre: its cameras as they were last assigned, and how far each camera's events were delivered. */
export class EdgeBuffer extends Context.Tag("@vigil/core/EdgeBuffer")<
  EdgeBuffer,
  {
    /**
     * Makes the stored cameras those of the assignment, all or none, and their logs go on above the centre's. What is stored already and did not
     * change is left alone.
     */
    readonly adopt: (assignment: EdgeAssignment) => Effect.Effect<void, EdgeFolderTaken | StoreUnavailable>
    /** Of assigned cameras, those with the oldest events first. */
    readonly undelivered: Effect.Effect<ReadonlyArray<Undelivered>, StoreUnavailable>
    /** The centre has everything of the camera up to this sequence; a lower one than before changes nothing. */
    readonly delivered: (camera: CameraId, sequence: number) => Effect.Effect<void, StoreUnavailable>
    /** Deletes some of the events that were delivered and are older; answers whether there are more. */
    readonly forget: (days: number) => Effect.Effect<boolean, StoreUnavailable>
    /**
     * The centre's log does not end where this one thinks. Where it is behind, what it lost is delivered again; else what is undelivered is numbered
     * anew, to follow it, under an epoch of its own: the camera's actor ends and another one goes on above.
     */
    readonly follow: (camera: CameraId, centre: LogEnd) => Effect.Effect<void, StoreUnavailable>
  }
>() {}
