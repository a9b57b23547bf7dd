import { Entity } from "@effect/cluster"
import { Rpc } from "@effect/rpc"
import { Schema } from "effect"
import { Camera } from "../Camera.js"
import { CameraStatus } from "../CameraStatus.js"
import { CameraNotRunning, NoKeyframe, NoPicture } from "../port/CameraControl.js"
import { CameraNotFound } from "../port/CameraStore.js"
import { LiveViewNotFound, LiveViewRefused } from "../port/LiveViews.js"
import { PublicationNotFound, PublicationRefused } from "../port/Publications.js"
import { StoreUnavailable } from "../port/StoreError.js"
import { KeyframeMethod } from "../Source.js"

/**
 * The protocol of a camera's actor: one entity per camera id, on whichever node holds its shard. All calls are volatile: the desired-state
 * reconciler repeats `Ensure` until the camera runs the revision it should, so nothing depends on one message.
 */
export const CameraEntity = Entity.make("Camera", [
  /** Runs the camera at this revision; does nothing when it already does or runs a newer one. */
  Rpc.make("Ensure", {
    payload: { camera: Camera },
    success: Schema.Void,
    error: Schema.Union(CameraNotFound, StoreUnavailable)
  }),
  /** Ends the actor: the camera was deleted. */
  Rpc.make("Stop", { success: Schema.Void }),
  Rpc.make("Status", { success: CameraStatus, error: CameraNotRunning }),
  Rpc.make("Restart", { success: CameraStatus, error: CameraNotRunning }),
  Rpc.make("Snapshot", { success: Schema.Uint8ArrayFromSelf, error: Schema.Union(CameraNotRunning, NoPicture) }),
  Rpc.make("RequestKeyframe", { success: KeyframeMethod, error: Schema.Union(CameraNotRunning, NoKeyframe) }),
  /** Answers a viewer's SDP offer; the viewer's media comes from the node of the actor. */
  Rpc.make("OpenView", {
    payload: { offer: Schema.String.pipe(Schema.maxLength(64 * 1024)) },
    success: Schema.Struct({ viewId: Schema.String, answer: Schema.String }),
    error: Schema.Union(CameraNotRunning, LiveViewRefused)
  }),
  Rpc.make("CloseView", { payload: { viewId: Schema.String }, success: Schema.Void, error: LiveViewNotFound }),
  /** Answers a publisher's SDP offer; the publisher's media goes to the node of the actor. */
  Rpc.make("OpenPublication", {
    payload: { offer: Schema.String.pipe(Schema.maxLength(64 * 1024)) },
    success: Schema.Struct({ publicationId: Schema.String, answer: Schema.String }),
    error: Schema.Union(CameraNotRunning, PublicationRefused)
  }),
  Rpc.make("ClosePublication", {
    payload: { publicationId: Schema.String },
    success: Schema.Void,
    error: PublicationNotFound
  }),
  Rpc.make("ClosePublications", { success: Schema.Void, error: CameraNotRunning })
])
