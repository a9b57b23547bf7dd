import type { DateTime } from "effect"
import { cameraUpdated } from "./AuditChanges.js"
import type { AuditChange } from "./AuditEntry.js"
import type { CameraMessage } from "./BusMessage.js"
import type { Camera } from "./Camera.js"
import type { CameraRecord } from "./CameraRecord.js"
import { changedFields } from "./ObjectHistory.js"

const message = (type: CameraMessage["type"], camera: Camera, timestamp: DateTime.Utc): CameraMessage => ({
  type,
  id: `${camera.id}:${camera.revision}:${type}`,
  tenantId: camera.tenantId,
  cameraId: camera.id,
  timestamp,
  camera
})

const switched = (camera: Camera): CameraMessage =>
  message(camera.enabled ? "camera.enabled" : "camera.disabled", camera, camera.updatedAt)

/** A camera that is added enabled is created and then enabled: whoever waits for `camera.enabled` misses none. */
export const messagesOfCreation = ({ camera }: CameraRecord): ReadonlyArray<CameraMessage> => [
  message("camera.created", camera, camera.createdAt),
  ...(camera.enabled ? [switched(camera)] : [])
]

/** `camera.updated` where anything but `enabled` changed; `camera.enabled` or `camera.disabled` where that changed; none where nothing did. */
export const messagesOfChange = (
  before: CameraRecord,
  after: CameraRecord,
  { after: fresh, before: old }: AuditChange = cameraUpdated(before, after)
): ReadonlyArray<CameraMessage> => {
  const isUpdated = changedFields(old ?? {}, fresh ?? {}).some(({ field }) => field !== "revision" && field !== "enabled")
  const isSwitched = before.camera.enabled !== after.camera.enabled
  return [
    ...(isUpdated ? [message("camera.updated", after.camera, after.camera.updatedAt)] : []),
    ...(isSwitched ? [switched(after.camera)] : [])
  ]
}

/** The camera as it was. */
export const messagesOfRemoval = (camera: Camera, at: DateTime.Utc): ReadonlyArray<CameraMessage> => [
  message("camera.deleted", camera, at)
]
