import { RpcMiddleware } from "@effect/rpc"
import { Schema } from "effect"
import { Principal, ScopeMissing, Unauthorized } from "./Principal.js"

/**
 * Says in whose name a call is made, and gives its handler the {@link Principal}. Each transport has its own: the session of a WebSocket, what a
 * trusted node says over NATS, whoever embeds in process.
 */
export class RpcAuthentication extends RpcMiddleware.Tag<RpcAuthentication>()("@vigil/core/RpcAuthentication", {
  provides: Principal,
  failure: Schema.Union(Unauthorized, ScopeMissing)
}) {}
