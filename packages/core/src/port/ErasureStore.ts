import { Context, Schema } from "effect"
import type { DateTime, Effect } from "effect"
import {
  type ErasedEvents,
  type Erasure,
  type ErasureCounts,
  ErasureId,
  type ErasureOrder,
  type ErasureRequest,
  type ErasureSelection
} from "../Erasure.js"
import type { TenantId } from "../Ids.js"
import type { CameraNotFound } from "./CameraStore.js"
import type { EdgeRight } from "./EdgeStore.js"
import type { StoreUnavailable } from "./StoreError.js"

export class ErasureNotFound extends Schema.TaggedError<ErasureNotFound>()("ErasureNotFound", { erasureId: ErasureId }) {
  override get message() {
    return `there is no erasure ${this.erasureId}`
  }
}

/**
 * Erases stored events, some at a time, and keeps the reports. What was selected stays selected: events that happened before the erasure was asked for and are
 * stored later, by an edge that was away for example, go with the next step.
 */
export class ErasureStore extends Context.Tag("@vigil/core/ErasureStore")<
  ErasureStore,
  {
    /** What would be erased. */
    readonly preview: (
      tenant: TenantId,
      selection: ErasureSelection
    ) => Effect.Effect<ErasureCounts, CameraNotFound | StoreUnavailable>
    /** Writes down what is to be erased, here and by each edge of the tenant: nothing that happens from then on. */
    readonly begin: (tenant: TenantId, request: ErasureRequest) => Effect.Effect<Erasure, CameraNotFound | StoreUnavailable>
    /** At an edge: writes down what the centre wants to be erased; what is written down already stays as it is. */
    readonly obey: (tenant: TenantId, order: ErasureOrder) => Effect.Effect<Erasure, StoreUnavailable>
    /** What this edge was not told, or has not done. */
    readonly pendingAt: (edge: EdgeRight) => Effect.Effect<ReadonlyArray<ErasureOrder>, StoreUnavailable>
    /** The edge has nothing of it any more. */
    readonly erasedAt: (edge: EdgeRight, id: ErasureId, erased: ErasedEvents) => Effect.Effect<void, StoreUnavailable>
    /** What was to be erased of what happened at this time or later, by those who asked since: events that come in after all. */
    readonly since: (tenant: TenantId, oldest: DateTime.Utc) => Effect.Effect<ReadonlyArray<ErasureSelection>, StoreUnavailable>
    /** Erases some events and the messages about them that are still to be published; says how many there were, 0 when all are gone. */
    readonly step: (erasure: Erasure) => Effect.Effect<number, StoreUnavailable>
    /** Nothing of it is left here; how much of it was elsewhere than in the store. Adds up where it is told again. */
    readonly finish: (
      erasure: Erasure,
      elsewhere: Pick<Erasure["erased"], "messages" | "segments">
    ) => Effect.Effect<Erasure, StoreUnavailable>
    readonly get: (tenant: TenantId, id: ErasureId) => Effect.Effect<Erasure, ErasureNotFound | StoreUnavailable>
    /** The newest first, 500 at the most. */
    readonly list: (tenant: TenantId) => Effect.Effect<ReadonlyArray<Erasure>, StoreUnavailable>
    /**
     * Those of all tenants that somebody should look after, begun a minute ago and more: those that are not over, those whose messages were not looked for once more since
     * (`isSettled`), and those of the last 31 days, for what is stored late.
     */
    readonly open: Effect.Effect<ReadonlyArray<{ readonly erasure: Erasure; readonly isSettled: boolean }>, StoreUnavailable>
  }
>() {}
