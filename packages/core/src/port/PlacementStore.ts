import { Context, Schema } from "effect"
import type { Effect, Stream } from "effect"
import { CameraId } from "../Ids.js"
import { NodeName } from "../Node.js"
import type { StoreUnavailable } from "./StoreError.js"

/** A camera that runs on this node instead of the one that its shard says, for as long as the node is healthy. */
export const PlacementOverride = Schema.Struct({
  cameraId: CameraId,
  node: NodeName,
  /** How often it was moved since it left the node that its shard says; it rests longer after each time. */
  moves: Schema.Int.pipe(Schema.nonNegative()),
  movedAt: Schema.DateTimeUtc
}).annotations({ identifier: "PlacementOverride" })
export type PlacementOverride = typeof PlacementOverride.Type

/** A camera that this node should run and does not take, and why. */
export const PlacementRefusal = Schema.Struct({
  cameraId: CameraId,
  node: NodeName,
  reason: Schema.String,
  /** Since when, for this reason. */
  at: Schema.DateTimeUtc
}).annotations({ identifier: "PlacementRefusal" })
export type PlacementRefusal = typeof PlacementRefusal.Type

/** Where cameras run when it is not where their shards say, and which cameras were refused. It belongs to one cluster, by its name. */
export class PlacementStore extends Context.Tag("@vigil/core/PlacementStore")<
  PlacementStore,
  {
    readonly overrides: Effect.Effect<ReadonlyArray<PlacementOverride>, StoreUnavailable>
    /** Places cameras on a node, and counts a move of each. Cameras that are not there any more are passed over. */
    readonly place: (cameras: ReadonlyArray<CameraId>, node: NodeName) => Effect.Effect<void, StoreUnavailable>
    /** Removes the overrides of these cameras where they are to this node; answers whose they were. */
    readonly withdraw: (
      cameras: ReadonlyArray<CameraId>,
      node: NodeName
    ) => Effect.Effect<ReadonlyArray<CameraId>, StoreUnavailable>
    readonly refusals: Effect.Effect<ReadonlyArray<PlacementRefusal>, StoreUnavailable>
    /** Makes these all that the node refuses; `at` of one that it refused before for the same reason stays. */
    readonly refuse: (
      node: NodeName,
      refused: ReadonlyArray<Pick<PlacementRefusal, "cameraId" | "reason">>
    ) => Effect.Effect<void, StoreUnavailable>
    /** Removes every node's refusal of these cameras: they run. */
    readonly accept: (cameras: ReadonlyArray<CameraId>) => Effect.Effect<void, StoreUnavailable>
    /** Emits whenever something may have changed; a hint to read again, never the truth itself. */
    readonly changes: Stream.Stream<void>
  }
>() {}
