import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { CameraId } from "../../Ids.js"
import { PublishToken, PublishTokenState } from "../../PublishToken.js"
import { BadRequest, Conflict, NotAllowed, NotFound, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const camera = Schema.Struct({ id: CameraId })

export class PublishTokensGroup extends HttpApiGroup.make("publishTokens")
  .add(HttpApiEndpoint.get("look", "/cameras/:id/publish-token").setPath(camera).addSuccess(PublishTokenState))
  .add(
    HttpApiEndpoint.post("make", "/cameras/:id/publish-token")
      .setPath(camera)
      .addSuccess(PublishToken, { status: 201 })
      .addError(Conflict)
  )
  .add(HttpApiEndpoint.del("revoke", "/cameras/:id/publish-token").setPath(camera).addSuccess(HttpApiSchema.NoContent))
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(NotFound)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "What lets a publisher push to a camera whose address is whip:; for administrators. A new token replaces the one before and ends what is published with it."
  ) {}
