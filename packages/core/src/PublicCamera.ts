import { Schema } from "effect"
import type { Camera } from "./Camera.js"
import { cameraFacts } from "./CameraFacts.js"
import { CameraId } from "./Ids.js"

const named = <A, I>(schema: Schema.Schema<A, I>, key: string) => Schema.propertySignature(schema).pipe(Schema.fromKey(key))

/** The DFIP's word for whether a camera is to run. */
export const CameraSwitch = Schema.Literal("enabled", "disabled").annotations({ identifier: "CameraSwitch" })
export type CameraSwitch = typeof CameraSwitch.Type

/** A camera as the DFIP shows it: without its address. */
export const PublicCamera = Schema.Struct({
  id: CameraId,
  name: Schema.String,
  status: CameraSwitch,
  ...cameraFacts,
  createdAt: named(Schema.DateTimeUtc, "created_at"),
  updatedAt: named(Schema.DateTimeUtc, "updated_at")
}).annotations({ identifier: "PublicCamera" })
export type PublicCamera = typeof PublicCamera.Type

export const publicCamera = ({
  createdAt,
  description,
  enabled,
  id,
  location,
  metadata,
  name,
  updatedAt
}: Camera): PublicCamera => ({
  id,
  name,
  status: enabled ? "enabled" : "disabled",
  location,
  description,
  metadata,
  createdAt,
  updatedAt
})
