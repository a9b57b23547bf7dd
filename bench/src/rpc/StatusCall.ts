import { Rpc, RpcGroup } from "@effect/rpc"
import { Schema } from "effect"

/** A call of the size of those between nodes. */
const Status = Schema.Struct({
  cameraId: Schema.String,
  state: Schema.Literal("streaming", "stopped"),
  framesPerSecond: Schema.Number,
  epoch: Schema.Int,
  since: Schema.DateTimeUtc
})

export class StatusCalls extends RpcGroup.make(Rpc.make("Status", { payload: { cameraId: Schema.String }, success: Status })) {}

/** Subjects of the two servers, both in one process, and bytes of the plain messages: what a call and its answer take, as MsgPack and with their frames. */
export const typed = "bench.typed"
export const plain = "bench.plain"
export const plainBytes = { call: 143, answer: 194 } as const
