import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { EdgeOverview, MadeEdge, NewEdge } from "../../Edge.js"
import { EdgeId } from "../../Ids.js"
import { BadRequest, Conflict, NotAllowed, NotFound, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const edge = Schema.Struct({ id: EdgeId })

export class EdgesGroup extends HttpApiGroup.make("edges")
  .add(HttpApiEndpoint.get("list", "/edges").addSuccess(Schema.Array(EdgeOverview)))
  .add(HttpApiEndpoint.post("create", "/edges").setPayload(NewEdge).addSuccess(MadeEdge, { status: 201 }).addError(Conflict))
  .add(HttpApiEndpoint.post("renew", "/edges/:id/token").setPath(edge).addSuccess(MadeEdge).addError(NotFound))
  .add(HttpApiEndpoint.del("remove", "/edges/:id").setPath(edge).addSuccess(HttpApiSchema.NoContent).addError(NotFound))
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "Edges: nodes at customers' sites that run the cameras assigned to them. Supervisors see them, administrators make and revoke them. A token is told once; a new one, or revoking the edge, ends its link at once."
  ) {}
