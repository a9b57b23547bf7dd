import type * as RpcClient from "@effect/rpc/RpcClient"
import type { RpcClientError } from "@effect/rpc/RpcClientError"
import type { EdgeRpc } from "@vigil/core/contract/EdgeRpc"
import { Context, Data, type Effect, type Scope } from "effect"

/**
 * The link is lost, or was not made: `unreachable` (the network, or the centre does not run), `unauthorized` (the token is wrong or was revoked),
 * `silent` (no answer in time), `refused` (the centre does not take what it is told).
 */
export class EdgeLinkError extends Data.TaggedError("EdgeLinkError")<{
  readonly reason: "unreachable" | "unauthorized" | "silent" | "refused"
  readonly detail: string
}> {
  override get message() {
    return this.detail
  }
}

/** The centre's calls. */
export type EdgeCalls = RpcClient.FromGroup<typeof EdgeRpc, RpcClientError>

/** The way to the centre. */
export class EdgeLink extends Context.Tag("@vigil/runtime/EdgeLink")<
  EdgeLink,
  {
    /** For people, without secrets. */
    readonly centre: string
    /** Connects; the connection ends with its scope. A call on a lost connection fails. */
    readonly connect: Effect.Effect<EdgeCalls, EdgeLinkError, Scope.Scope>
  }
>() {}
