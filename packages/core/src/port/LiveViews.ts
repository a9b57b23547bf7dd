import { Context, Schema } from "effect"
import type { Effect } from "effect"
import { CameraId } from "../Ids.js"
import type { CameraNotRunning } from "./CameraControl.js"

/**
 * The viewer's offer cannot be answered: `offer` (not SDP, or no video in it), `codec` (the viewer cannot decode what the camera
 * sends), `limit` (too many viewers).
 */
export class LiveViewRefused extends Schema.TaggedError<LiveViewRefused>()("LiveViewRefused", {
  cameraId: CameraId,
  reason: Schema.Literal("offer", "codec", "limit"),
  detail: Schema.String
}) {
  override get message() {
    return `camera ${this.cameraId}: ${this.detail}`
  }
}

export class LiveViewNotFound extends Schema.TaggedError<LiveViewNotFound>()("LiveViewNotFound", { viewId: Schema.String }) {
  override get message() {
    return `there is no live view ${this.viewId}`
  }
}

/** Live views over WebRTC, negotiated by WHEP (draft-ietf-wish-whep). */
export class LiveViews extends Context.Tag("@vigil/core/LiveViews")<
  LiveViews,
  {
    /** Answers an SDP offer; the answer holds all candidates. */
    readonly open: (
      cameraId: CameraId,
      offer: string
    ) => Effect.Effect<{ readonly viewId: string; readonly answer: string }, CameraNotRunning | LiveViewRefused>
    /** Ends a view; the camera is named so that nobody ends a view of another tenant's camera. */
    readonly close: (cameraId: CameraId, viewId: string) => Effect.Effect<void, LiveViewNotFound>
  }
>() {}
