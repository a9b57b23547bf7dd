import { Rpc, RpcGroup, RpcMiddleware } from "@effect/rpc"
import { Context, Schema } from "effect"
import { TenantId } from "../Ids.js"
import { ModelDescriptor } from "../Model.js"
import { StoreUnavailable } from "../port/StoreError.js"
import { modelFileRpc } from "./ModelFileRpc.js"
import { Unauthorized } from "./Principal.js"

/** Whose jobs the calling worker works off. */
export class CallingWorker extends Context.Tag("@vigil/core/CallingWorker")<CallingWorker, TenantId>() {}

/** Says whose a worker is, by the worker token in its calls' header `authorization`. */
export class WorkerCallAuthentication extends RpcMiddleware.Tag<WorkerCallAuthentication>()(
  "@vigil/core/WorkerCallAuthentication",
  { provides: CallingWorker, failure: Schema.Union(Unauthorized, StoreUnavailable) }
) {}

/** What workers of VideoJobs ask the nodes of their cluster. */
export class WorkerRpc extends RpcGroup.make(
  /** The tenant's own models that are active. */
  Rpc.make("Models", {
    success: Schema.Struct({ tenantId: TenantId, models: Schema.Array(ModelDescriptor) }),
    error: StoreUnavailable
  }),
  modelFileRpc
).middleware(WorkerCallAuthentication) {}
