import { CameraId } from "@vigil/core/Ids"
import { Schema } from "effect"

/** The camera is being connected to. */
const Connecting = Schema.TaggedStruct("Connecting", {})

/** The camera's pictures come, and are being offered to the server. */
const Offering = Schema.TaggedStruct("Offering", {
  /** `H.264 1280x720`, and what is left out. */
  stream: Schema.String
})

/** The server gets the stream. */
const Publishing = Schema.TaggedStruct("Publishing", {
  packets: Schema.Int,
  bytes: Schema.Int,
  packetsRepeated: Schema.Int,
  picturesDropped: Schema.Int,
  keyframeRequests: Schema.Int
})

/** Either the camera or the server was lost or refuses; it is tried again after so many milliseconds. */
const Retrying = Schema.TaggedStruct("Retrying", {
  party: Schema.Literal("camera", "server"),
  reason: Schema.String,
  detail: Schema.String,
  failures: Schema.Int,
  after: Schema.Number
})

/** What an agent does for one of its cameras, without credentials. */
export const AgentStatus = Schema.Struct({
  at: Schema.DateTimeUtc,
  cameraId: CameraId,
  /** The camera's own address. */
  url: Schema.String,
  state: Schema.Union(Connecting, Offering, Publishing, Retrying)
}).annotations({ identifier: "AgentStatus" })
export type AgentStatus = typeof AgentStatus.Type

export type AgentState = AgentStatus["state"]
