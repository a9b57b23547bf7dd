import { Context } from "effect"
import type { DateTime, Effect } from "effect"
import type { CameraManager, ManagerId, ManagerIdentity } from "../CameraManager.js"
import type { CameraRuntime, WorkerReport } from "../CameraRuntime.js"
import type { CameraId, TenantId } from "../Ids.js"
import type { WorkerHeartbeat } from "../WorkerHeartbeat.js"
import type { CameraNotFound } from "./CameraStore.js"
import type { StoreUnavailable } from "./StoreError.js"

/** Rows, and the table's own time at which they were read: nodes' clocks may differ. */
export interface RuntimeRows {
  readonly at: DateTime.Utc
  readonly rows: ReadonlyArray<CameraRuntime>
}

/** A camera's row before and after a heartbeat. */
export interface NotedHeartbeat {
  readonly before: CameraRuntime | undefined
  readonly after: CameraRuntime
}

/**
 * How the cameras' workers are: one row for a camera's actor, one for its external worker. Actors' rows are alive as long as the manager that wrote
 * them beats, so that what has not changed costs a node one statement, however many cameras it has. Rows leave with their camera.
 */
export class RuntimeTable extends Context.Tag("@vigil/core/RuntimeTable")<
  RuntimeTable,
  {
    /**
     * A manager's heartbeat, and those of its rows that changed, in one transaction. Answers the cameras whose row was refused: a newer actor
     * has written, or the camera is gone.
     */
    readonly report: (
      manager: ManagerIdentity,
      changed: ReadonlyArray<WorkerReport>
    ) => Effect.Effect<ReadonlyArray<CameraId>, StoreUnavailable>
    /** The manager ends in order: its rows say `stopped`. */
    readonly leave: (manager: ManagerId) => Effect.Effect<void, StoreUnavailable>
    readonly heartbeat: (
      tenant: TenantId,
      cameraId: CameraId,
      beat: WorkerHeartbeat
    ) => Effect.Effect<NotedHeartbeat, CameraNotFound | StoreUnavailable>
    /** A tenant's rows as they were written, ordered by camera; see `agedAt` for how they are to be read. */
    readonly list: (tenant: TenantId) => Effect.Effect<RuntimeRows, StoreUnavailable>
    /** The managers that were heard of within the last day. */
    readonly managers: Effect.Effect<ReadonlyArray<CameraManager>, StoreUnavailable>
  }
>() {}
