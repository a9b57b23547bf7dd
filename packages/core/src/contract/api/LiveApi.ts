import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { CameraId } from "../../Ids.js"
import { BadRequest, Conflict, NotAllowed, NotFound, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const camera = Schema.Struct({ id: CameraId })

/** A session description (RFC 8866). Travels as bytes because HTTP gives its type no charset; it is UTF-8. */
const Sdp = HttpApiSchema.Uint8Array({ contentType: "application/sdp" })

export class LiveGroup extends HttpApiGroup.make("live")
  .add(
    HttpApiEndpoint.post("open", "/cameras/:id/whep")
      .setPath(camera)
      .setPayload(Sdp)
      .addSuccess(HttpApiSchema.Uint8Array({ contentType: "application/sdp" }), { status: 201 })
      .addError(Conflict)
  )
  .add(
    HttpApiEndpoint.del("close", "/cameras/:id/whep/:viewId")
      .setPath(Schema.Struct({ id: CameraId, viewId: Schema.String.pipe(Schema.maxLength(200)) }))
      .addSuccess(HttpApiSchema.NoContent)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(NotFound)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "Live views over WebRTC: WHEP (draft-ietf-wish-whep). The answer holds all candidates; DELETE its Location."
  ) {}
