import type { Camera } from "@vigil/core/Camera"
import { Event } from "@vigil/core/Event"
import type { EventDraft } from "@vigil/core/EventPipeline"
import { type CameraId, type Epoch, EventId, TrackId } from "@vigil/core/Ids"
import type { Priority } from "@vigil/core/Priority"
import { DateTime } from "effect"
import { createHash, randomUUID } from "node:crypto"

/** A track's name outside its camera: the same for the same camera, epoch and number (RFC 9562 version 8, from SHA-256). */
const trackId = (cameraId: CameraId, epoch: Epoch, track: number): TrackId => {
  const bytes = createHash("sha256").update(`${cameraId}/${epoch}/${track}`).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return TrackId.make(bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"))
}

export const eventOf = (camera: Pick<Camera, "id" | "tenantId">, epoch: Epoch, priority: Priority, draft: EventDraft): Event => {
  const { best, first } = draft
  return new Event({
    eventId: EventId.make(randomUUID()),
    customerId: camera.tenantId,
    cameraId: camera.id,
    eventType: best.eventType,
    confidence: best.confidence,
    timestamp: DateTime.unsafeMake(first.wallTime),
    detectionMetadata: {
      ...(best.box === undefined ? {} : { boundingBox: best.box }),
      ...(best.objectClass === undefined ? {} : { objectClass: best.objectClass }),
      ...(best.track === undefined ? {} : { trackingId: trackId(camera.id, epoch, best.track) }),
      ...(best.zone === undefined ? {} : { zone: best.zone }),
      ...(best.detail === undefined ? {} : { detail: best.detail })
    },
    clipUrl: null,
    priority,
    status: "NEW"
  })
}
