import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { ClusterStatus, MovedCameras } from "../../ClusterStatus.js"
import { NodeName } from "../../Node.js"
import { BadRequest, NotAllowed, NotFound, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const node = Schema.Struct({ name: NodeName })

export class ClusterGroup extends HttpApiGroup.make("cluster")
  .add(HttpApiEndpoint.get("status", "/cluster").addSuccess(ClusterStatus))
  .add(
    HttpApiEndpoint.post("drain", "/cluster/nodes/:name/drain")
      .setPath(node)
      .addSuccess(MovedCameras)
      .addError(NotFound)
      .addError(BadRequest)
  )
  .add(
    HttpApiEndpoint.post("resume", "/cluster/nodes/:name/resume")
      .setPath(node)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(NotFound)
      .addError(BadRequest)
  )
  .add(HttpApiEndpoint.post("rebalance", "/cluster/rebalance").addSuccess(MovedCameras))
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "The nodes, what they run and which cameras no node takes (operators); steering it (administrators of the installation's own tenant). Draining answers when the last camera is gone."
  ) {}
