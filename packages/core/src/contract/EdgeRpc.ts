import { Rpc, RpcGroup, RpcMiddleware } from "@effect/rpc"
import { Context, Schema } from "effect"
import { CameraStatus } from "../CameraStatus.js"
import { EdgeBacklog } from "../Edge.js"
import { EdgeAssignment } from "../EdgeAssignment.js"
import { EdgeAnswer, EdgeCommand } from "../EdgeCommand.js"
import { ErasedEvents, ErasureId } from "../Erasure.js"
import { EventEntry } from "../Event.js"
import { CameraId, Epoch } from "../Ids.js"
import { NodeLoad } from "../Node.js"
import type { EdgeRight } from "../port/EdgeStore.js"
import { StoreUnavailable } from "../port/StoreError.js"
import { modelFileRpc } from "./ModelFileRpc.js"
import { Unauthorized } from "./Principal.js"

/** The edge that makes a call. */
export class CallingEdge extends Context.Tag("@vigil/core/CallingEdge")<CallingEdge, EdgeRight>() {}

/** Says which edge a call comes from, by the token that its connection was opened with. */
export class EdgeAuthentication extends RpcMiddleware.Tag<EdgeAuthentication>()("@vigil/core/EdgeAuthentication", {
  provides: CallingEdge,
  failure: Unauthorized
}) {}

/** The camera is not this edge's, or what is said of it is not: another tenant's, another edge's, or there is none. */
export class EdgeRefused extends Schema.TaggedError<EdgeRefused>()("EdgeRefused", {
  cameraId: CameraId,
  detail: Schema.String
}) {
  override get message() {
    return `camera ${this.cameraId}: ${this.detail}`
  }
}

/** The entries do not continue the camera's log at the centre. Nothing was written. */
export class DeliveryConflict extends Schema.TaggedError<DeliveryConflict>()("DeliveryConflict", {
  cameraId: CameraId,
  /** Where the centre's log ends. */
  epoch: Epoch,
  sequence: Schema.Int,
  /** How many of the entries, from the first, the centre has already. */
  known: Schema.Int
}) {
  override get message() {
    return `camera ${this.cameraId}: the centre's log ends with ${this.sequence} of epoch ${this.epoch}`
  }
}

/** Entries of one delivery, and statuses of one report, at the most. */
export const edgeBatch = 100

/** Bytes of one message of the link at the most, each way: a picture in base64 is the largest there is, but for the assignment. */
export const edgeMessageLimit = { toCentre: 6 * 1024 * 1024, toEdge: 32 * 1024 * 1024 } as const

/** Where the link is. */
export const edgeRpcPath = "/api/v1/edge/rpc"

/** The link between an edge and the centre: the edge connects and calls, over one WebSocket, one JSON message a line. */
export class EdgeRpc extends RpcGroup.make(
  /** What the edge has to do now, and again whenever that changed. */
  Rpc.make("Assigned", { success: EdgeAssignment, error: StoreUnavailable, stream: true }),
  /** Stores entries of one camera and answers up to where they are stored. Delivering what is stored already changes nothing. */
  Rpc.make("Deliver", {
    payload: {
      cameraId: CameraId,
      entries: Schema.NonEmptyArray(EventEntry).pipe(Schema.maxItems(edgeBatch)),
      /** The entries are all that there is behind this sequence: others were erased. Absent: none was. */
      after: Schema.optional(Schema.Int.pipe(Schema.nonNegative()))
    },
    success: Schema.Struct({ sequence: Schema.Int }),
    error: Schema.Union(EdgeRefused, DeliveryConflict, StoreUnavailable)
  }),
  /** How the edge and its cameras are; every few seconds. */
  Rpc.make("Report", {
    payload: {
      version: Schema.String.pipe(Schema.maxLength(100)),
      backlog: EdgeBacklog,
      load: Schema.optional(NodeLoad),
      statuses: Schema.Array(CameraStatus).pipe(Schema.maxItems(edgeBatch))
    },
    error: EdgeRefused
  }),
  /** Nothing of what it was told to erase is left on its disk. */
  Rpc.make("Erased", { payload: { id: ErasureId, ...ErasedEvents.fields }, error: StoreUnavailable }),
  /** What the centre wants of the edge, as it comes. */
  Rpc.make("Commands", { success: EdgeCommand, stream: true }),
  /** A model's file that the edge's cameras are to run. */
  modelFileRpc,
  /** What became of a command; an answer that nobody waits for any more is dropped. */
  Rpc.make("Answer", { payload: { id: Schema.UUID, answer: EdgeAnswer } })
).middleware(EdgeAuthentication) {}
