import type { Camera } from "@vigil/core/Camera"
import { Event } from "@vigil/core/Event"
import type { EventDraft } from "@vigil/core/EventPipeline"
import { type CameraId, type Epoch, EventId, TrackId } from "@vigil/core/Ids"
import type { Priority } from "@vigil/core/Priority"
import { DateTime } from "effect"
import { randomUUID } from "node:crypto"
import { stableUuid } from "../StableUuid.js"

/** A track's name outside its camera: the same for the same camera, epoch and number. */
const trackId = (cameraId: CameraId, epoch: Epoch, track: number): TrackId =>
  TrackId.make(stableUuid(`${cameraId}/${epoch}/${track}`))

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
