import { Schema } from "effect"
import { Camera } from "./Camera.js"
import { ErasureOrder } from "./Erasure.js"
import { EdgeId, Epoch, TenantId } from "./Ids.js"
import { Licence } from "./Licence.js"
import { ModelDescriptor } from "./Model.js"
import { NodeName } from "./Node.js"
import { InheritedSettings } from "./settings/SettingLevels.js"
import { Credentials } from "./Source.js"

/** Cameras of one edge at the most. */
export const mostEdgeCameras = 512

/** A camera as its edge has to run it. */
export const AssignedCamera = Schema.Struct({
  /** With its whole address, which edges of before know no other place for. */
  camera: Camera,
  credentials: Schema.optional(Credentials),
  /** The highest epoch and the last sequence of its log at the centre: whoever begins anew goes on above. */
  epoch: Epoch,
  sequence: Schema.Int.pipe(Schema.nonNegative())
})
export type AssignedCamera = typeof AssignedCamera.Type

/** Everything that an edge has to do; what is not in it is not its any more. */
export const EdgeAssignment = Schema.Struct({
  edge: Schema.Struct({ id: EdgeId, name: NodeName }),
  tenant: Schema.Struct({ id: TenantId, name: Schema.String }),
  cameras: Schema.Array(AssignedCamera).pipe(Schema.maxItems(mostEdgeCameras)),
  /** What they inherit. */
  settings: Schema.optional(InheritedSettings),
  /** The tenant's own models that the cameras name, as they are active. */
  models: Schema.optional(Schema.Array(ModelDescriptor)),
  licence: Schema.optional(Licence),
  /** What it has to erase from its own disk, and to tell of when it has. */
  erasures: Schema.optional(Schema.Array(ErasureOrder))
})
export type EdgeAssignment = typeof EdgeAssignment.Type
