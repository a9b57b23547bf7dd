import { type DateTime, Schema } from "effect"
import { Camera, encodeCamera } from "./Camera.js"
import { EventEntry } from "./Event.js"
import { CameraId, TenantId } from "./Ids.js"

const ofTenant = {
  /** Publishing a message of an id again changes nothing. */
  id: Schema.NonEmptyString.pipe(Schema.maxLength(200)),
  tenantId: TenantId,
  timestamp: Schema.DateTimeUtc
}

const about = {
  ...ofTenant,
  cameraId: Schema.propertySignature(CameraId).pipe(Schema.fromKey("camera_id"))
}

/** An event was stored: id `<event id>`; or people set its status, tagged it, wrote about it: id `<event id>:<status>:<milliseconds since 1970>`. */
export const EventMessage = Schema.Struct({
  type: Schema.Literal("event.stored", "event.status"),
  ...about,
  entry: EventEntry
}).annotations({ identifier: "EventMessage" })
export type EventMessage = typeof EventMessage.Type

/** Says of a stored event that it is. */
export const eventStored = (entry: EventEntry): EventMessage => ({
  type: "event.stored",
  id: entry.event.eventId,
  tenantId: entry.event.customerId,
  cameraId: entry.event.cameraId,
  timestamp: entry.event.timestamp,
  entry
})

/** Says that people changed what is known of an event, at this moment. */
export const eventChanged = (entry: EventEntry, at: DateTime.Utc): EventMessage => ({
  ...eventStored(entry),
  type: "event.status",
  id: `${entry.event.eventId}:${entry.event.status}:${at.epochMillis}`,
  timestamp: at
})

const aboutCamera = {
  type: Schema.Literal("camera.created", "camera.updated", "camera.enabled", "camera.disabled", "camera.deleted"),
  ...about
}

/** A camera was added, changed or removed: id `<camera id>:<revision>:<type>`. The camera has no credentials. */
export const CameraMessage = Schema.Struct({ ...aboutCamera, camera: Camera }).annotations({ identifier: "CameraMessage" })
export type CameraMessage = typeof CameraMessage.Type

/** How a camera's worker is: the camera's actor, or an external one that reports by HTTP. */
export const WorkerStatus = Schema.Literal("starting", "running", "stopped", "error")
export type WorkerStatus = typeof WorkerStatus.Type

/** What a worker says of itself: numbers as numbers (`fps`), or text with a unit (`"256MB"`). */
export const HealthInfo = Schema.Record({ key: Schema.String, value: Schema.Union(Schema.Number, Schema.String) }).annotations({
  identifier: "HealthInfo"
})
export type HealthInfo = typeof HealthInfo.Type

export const HeartbeatMessage = Schema.Struct({
  type: Schema.Literal("worker.heartbeat"),
  ...about,
  status: WorkerStatus,
  healthInfo: Schema.propertySignature(HealthInfo).pipe(Schema.fromKey("health_info"))
}).annotations({ identifier: "HeartbeatMessage" })
export type HeartbeatMessage = typeof HeartbeatMessage.Type

export const WorkerErrorMessage = Schema.Struct({
  type: Schema.Literal("worker.error"),
  ...about,
  error: Schema.String,
  /** Errors in a row; 0 again once it runs. */
  errorCount: Schema.propertySignature(Schema.Int.pipe(Schema.nonNegative())).pipe(Schema.fromKey("error_count")),
  /** No further restart will be tried without a person. */
  alert: Schema.Boolean
}).annotations({ identifier: "WorkerErrorMessage" })
export type WorkerErrorMessage = typeof WorkerErrorMessage.Type

/** Settings above cameras are other ones, or may be: whoever remembers some asks again. Those of the level `system` are every tenant's. */
export const SettingsMessage = Schema.Struct({
  type: Schema.Literal("settings.changed"),
  ...ofTenant,
  level: Schema.Literal("system", "tenant", "site")
}).annotations({ identifier: "SettingsMessage" })
export type SettingsMessage = typeof SettingsMessage.Type

/** What travels on the bus. In JSON the names of the fields are those of camera lifecycle events (`camera_id`). */
export const BusMessage = Schema.Union(EventMessage, CameraMessage, HeartbeatMessage, WorkerErrorMessage, SettingsMessage)
export type BusMessage = typeof BusMessage.Type

const encodeWhole = Schema.encodeSync(BusMessage)
const encodeAbout = Schema.encodeSync(Schema.Struct(aboutCamera))

/** A message as JSON has it. Its camera has mostly been encoded already, by whoever stored it. */
export const encodeBusMessage = (message: BusMessage): typeof BusMessage.Encoded =>
  "camera" in message ? { ...encodeAbout(message), camera: encodeCamera(message.camera) } : encodeWhole(message)

export type BusMessageType = BusMessage["type"]

/** What the message is about: those about one thing keep their order. A camera, or the tenant itself. */
export const subjectId = (message: BusMessage): CameraId | TenantId =>
  "cameraId" in message ? message.cameraId : message.tenantId

/**
 * The message's place among those of its type and camera, where it has one: an event's sequence, a camera's revision. They are published in this
 * order: one that is above the newest was never published before.
 */
export const orderOf = (message: BusMessage): number | undefined => {
  if (message.type === "event.stored") return message.entry.sequence
  return "camera" in message ? message.camera.revision : undefined
}
