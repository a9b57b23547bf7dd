import { Schema } from "effect"
import { EdgeId } from "./Ids.js"
import { NodeLoad, NodeName } from "./Node.js"

/** A node at a customer's site: it runs cameras on its own, and delivers their events when the link to the centre is there. */
export const Edge = Schema.Struct({
  id: EdgeId,
  /** One of its own among the tenant's edges; its cameras' node is `edge:<name>`. */
  name: NodeName,
  createdAt: Schema.DateTimeUtc,
  /** When it last reported; null before the first time. */
  lastSeen: Schema.NullOr(Schema.DateTimeUtc),
  /** The program that it runs, as it last told. */
  version: Schema.NullOr(Schema.String)
}).annotations({ identifier: "Edge" })
export type Edge = typeof Edge.Type

export const NewEdge = Schema.Struct({ name: NodeName }).annotations({ identifier: "NewEdge" })
export type NewEdge = typeof NewEdge.Type

/** A fresh edge, or one with a fresh token: the token is told this once, and never again. */
export const MadeEdge = Schema.Struct({ ...Edge.fields, token: Schema.String }).annotations({ identifier: "MadeEdge" })
export type MadeEdge = typeof MadeEdge.Type

/** What an edge holds of events that the centre has not acknowledged. */
export const EdgeBacklog = Schema.Struct({
  events: Schema.Int.pipe(Schema.nonNegative()),
  /** When the oldest of them was stored, by the edge's clock; null where there is none. */
  oldest: Schema.NullOr(Schema.DateTimeUtc),
  /** Events that the centre acknowledged since the edge's program started. */
  delivered: Schema.Int.pipe(Schema.nonNegative())
}).annotations({ identifier: "EdgeBacklog" })
export type EdgeBacklog = typeof EdgeBacklog.Type

/** An edge, and how it is as far as the answering node knows. */
export const EdgeOverview = Schema.Struct({
  ...Edge.fields,
  /** Cameras that are assigned to it. */
  cameras: Schema.Int.pipe(Schema.nonNegative()),
  /** Whether its link is with the answering node now. */
  connected: Schema.Boolean,
  /** Absent where the link is elsewhere or cut. */
  backlog: Schema.optional(EdgeBacklog),
  load: Schema.optional(NodeLoad)
}).annotations({ identifier: "EdgeOverview" })
export type EdgeOverview = typeof EdgeOverview.Type
