import { Context, Schema } from "effect"
import type { Effect } from "effect"
import { CameraId } from "../Ids.js"
import type { CameraNotRunning } from "./CameraControl.js"

/**
 * The publisher's offer cannot be taken: `offer` (not SDP, or nothing in it that can be received), `camera` (its configuration does not wait for a
 * publisher), `busy` (the camera is being published to at this very moment).
 */
export class PublicationRefused extends Schema.TaggedError<PublicationRefused>()("PublicationRefused", {
  cameraId: CameraId,
  reason: Schema.Literal("offer", "camera", "busy"),
  detail: Schema.String
}) {
  override get message() {
    return `camera ${this.cameraId}: ${this.detail}`
  }
}

export class PublicationNotFound extends Schema.TaggedError<PublicationNotFound>()("PublicationNotFound", {
  publicationId: Schema.String
}) {
  override get message() {
    return `there is no publication ${this.publicationId}`
  }
}

/** Streams that are pushed to cameras over WebRTC, negotiated by WHIP (RFC 9725). They live where the camera's actor does. */
export class Publications extends Context.Tag("@vigil/core/Publications")<
  Publications,
  {
    /** Answers an SDP offer; the answer holds all candidates. The newest publisher of a camera takes the place of the one before. */
    readonly open: (
      cameraId: CameraId,
      offer: string
    ) => Effect.Effect<{ readonly publicationId: string; readonly answer: string }, CameraNotRunning | PublicationRefused>
    /** Ends a publication; the camera is named so that nobody ends one of another camera. */
    readonly close: (cameraId: CameraId, publicationId: string) => Effect.Effect<void, PublicationNotFound>
    /** Ends the camera's publication, if there is one: whoever publishes may not any more. */
    readonly closeAll: (cameraId: CameraId) => Effect.Effect<void>
  }
>() {}
