import { Schema } from "effect"

/** A node's name, unique in its cluster: lower case, digits and dashes. */
export const NodeName = Schema.String.pipe(Schema.pattern(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/), Schema.brand("NodeName"))
export type NodeName = typeof NodeName.Type

/** What a node does: run cameras, serve people and programs. */
export const NodeRole = Schema.Literal("camera", "api")
export type NodeRole = typeof NodeRole.Type

/** What a node may take on. */
export const NodeCapacity = Schema.Struct({
  /** Cameras at the most. */
  cameras: Schema.Int.pipe(Schema.positive()),
  /** Share of all its cores that it may use, 0..1. */
  cpu: Schema.Number.pipe(Schema.between(0.05, 1)),
  /** Bytes of resident memory over all its processes. */
  memory: Schema.Int.pipe(Schema.positive())
}).annotations({ identifier: "NodeCapacity" })
export type NodeCapacity = typeof NodeCapacity.Type

/** What a node uses, averaged over about ten seconds. */
export const NodeLoad = Schema.Struct({
  cameras: Schema.Int.pipe(Schema.nonNegative()),
  /** Share of all its cores, 0..1, over all its processes. */
  cpu: Schema.Number.pipe(Schema.nonNegative()),
  /** Bytes of resident memory over all its processes. */
  memory: Schema.Int.pipe(Schema.nonNegative())
}).annotations({ identifier: "NodeLoad" })
export type NodeLoad = typeof NodeLoad.Type

/**
 * `up`: takes cameras; `full`: over its capacity, refuses further ones and hands some off; `draining`: gives all of them away;
 * `unreachable`: does not answer.
 */
export const NodeState = Schema.Literal("up", "full", "draining", "unreachable")
export type NodeState = typeof NodeState.Type

/** What a node says of itself. */
export const NodeReport = Schema.Struct({
  name: NodeName,
  version: Schema.String,
  roles: Schema.Array(NodeRole),
  labels: Schema.Record({ key: Schema.String, value: Schema.String }),
  state: NodeState,
  capacity: NodeCapacity,
  load: NodeLoad,
  /** Shards that it holds. */
  shards: Schema.Int.pipe(Schema.nonNegative()),
  startedAt: Schema.DateTimeUtc,
  reportedAt: Schema.DateTimeUtc
}).annotations({ identifier: "NodeReport" })
export type NodeReport = typeof NodeReport.Type
