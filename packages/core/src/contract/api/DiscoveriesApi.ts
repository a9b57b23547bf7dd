import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { Camera } from "../../Camera.js"
import { AdoptRequest, DiscoveryOutline, DiscoveryRequest, ListedDiscovery } from "../../Discovery.js"
import { DiscoveryId } from "../../Ids.js"
import { BadRequest, Conflict, NotAllowed, NotFound, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const discovery = Schema.Struct({ id: DiscoveryId })

export class DiscoveriesGroup extends HttpApiGroup.make("discoveries")
  .add(HttpApiEndpoint.get("list", "/discoveries").addSuccess(Schema.Array(DiscoveryOutline)))
  .add(
    HttpApiEndpoint.post("start", "/discoveries")
      .setPayload(DiscoveryRequest)
      .addSuccess(ListedDiscovery, { status: 202 })
      .addError(Conflict)
  )
  .add(HttpApiEndpoint.get("get", "/discoveries/:id").setPath(discovery).addSuccess(ListedDiscovery).addError(NotFound))
  .add(
    HttpApiEndpoint.post("cancel", "/discoveries/:id/cancel").setPath(discovery).addSuccess(ListedDiscovery).addError(NotFound)
  )
  .add(
    HttpApiEndpoint.post("adopt", "/discoveries/:id/cameras")
      .setPath(discovery)
      .setPayload(AdoptRequest)
      .addSuccess(Schema.Array(Camera), { status: 201 })
      .addError(NotFound)
      .addError(Conflict)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "Looking for cameras in the networks of the server (supervisors): ONVIF devices that answer, and RTSP servers in ranges of addresses. One at a time; ask again and again for how far it is. What was found becomes cameras, all or none."
  ) {}
