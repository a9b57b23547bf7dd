import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { Erasure, ErasureCounts, ErasureId, ErasureRequest, ErasureSelection } from "../../Erasure.js"
import { UserId } from "../../Ids.js"
import { BadRequest, NotAllowed, NotFound, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const Archive = HttpApiSchema.Uint8Array({ contentType: "application/zip" })

export class PrivacyGroup extends HttpApiGroup.make("privacy")
  .add(HttpApiEndpoint.get("listErasures", "/privacy/erasures").addSuccess(Schema.Array(Erasure)))
  .add(
    HttpApiEndpoint.post("erase", "/privacy/erasures")
      .setPayload(ErasureRequest)
      .addSuccess(Erasure, { status: 201 })
      .addError(NotFound)
  )
  .add(
    HttpApiEndpoint.post("previewErasure", "/privacy/erasures/preview")
      .setPayload(ErasureSelection)
      .addSuccess(ErasureCounts)
      .addError(NotFound)
  )
  .add(
    HttpApiEndpoint.get("getErasure", "/privacy/erasures/:id")
      .setPath(Schema.Struct({ id: ErasureId }))
      .addSuccess(Erasure)
      .addError(NotFound)
  )
  .add(HttpApiEndpoint.get("exportTenant", "/privacy/export").addSuccess(Archive))
  .add(
    HttpApiEndpoint.get("exportUser", "/privacy/users/:id/export")
      .setPath(Schema.Struct({ id: UserId }))
      .addSuccess(Archive)
      .addError(NotFound)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "Erasing events of a time, of cameras or of a person, with a report that stays, and archives of all that is kept of the tenant: for administrators. What is kept of a user is also for that user. None of it with API keys."
  ) {}
