import { Schema } from "effect"
import { CameraStatus } from "./CameraStatus.js"
import { CameraId } from "./Ids.js"
import { CameraNotRunning, NoKeyframe, NoPicture } from "./port/CameraControl.js"
import { LiveViewNotFound, LiveViewRefused } from "./port/LiveViews.js"
import { KeyframeMethod } from "./Source.js"

/** What somebody at the centre wants of an edge's camera. */
export const EdgeAction = Schema.Union(
  Schema.TaggedStruct("Restart", {}),
  Schema.TaggedStruct("Snapshot", {}),
  Schema.TaggedStruct("RequestKeyframe", {}),
  Schema.TaggedStruct("OpenView", { offer: Schema.String }),
  Schema.TaggedStruct("CloseView", { viewId: Schema.String })
)
export type EdgeAction = typeof EdgeAction.Type

export const EdgeCommand = Schema.Struct({ id: Schema.UUID, cameraId: CameraId, action: EdgeAction })
export type EdgeCommand = typeof EdgeCommand.Type

/** Bytes of a picture at the most that travels over the link. */
const pictureLimit = 4 * 1024 * 1024

/** What became of a command. */
export const EdgeAnswer = Schema.Union(
  Schema.TaggedStruct("Restarted", { status: CameraStatus }),
  Schema.TaggedStruct("Picture", {
    jpeg: Schema.Uint8ArrayFromBase64.pipe(Schema.filter((bytes) => bytes.length <= pictureLimit))
  }),
  Schema.TaggedStruct("Asked", { method: KeyframeMethod }),
  Schema.TaggedStruct("Opened", { viewId: Schema.String, answer: Schema.String }),
  Schema.TaggedStruct("Closed", {}),
  Schema.TaggedStruct("Refused", {
    error: Schema.Union(CameraNotRunning, NoPicture, NoKeyframe, LiveViewRefused, LiveViewNotFound)
  })
)
export type EdgeAnswer = typeof EdgeAnswer.Type
