import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { CameraId } from "../../Ids.js"
import { BadRequest, Conflict, MethodNotAllowed, NotAllowed, NotFound, Unavailable } from "../Problem.js"
import { PublisherAuthentication } from "./PublisherAuthentication.js"

const camera = Schema.Struct({ id: CameraId })
const publication = Schema.Struct({ id: CameraId, publicationId: Schema.String.pipe(Schema.maxLength(200)) })

/** A session description (RFC 8866). Travels as bytes because HTTP gives its type no charset; it is UTF-8. */
const Sdp = HttpApiSchema.Uint8Array({ contentType: "application/sdp" })

/** Streams that are pushed to cameras: WHIP (RFC 9725). */
export class WhipGroup extends HttpApiGroup.make("whip")
  .add(HttpApiEndpoint.post("publish", "/cameras/:id/whip").setPath(camera).setPayload(Sdp).addSuccess(Sdp, { status: 201 }))
  .add(HttpApiEndpoint.del("end", "/cameras/:id/whip/:publicationId").setPath(publication).addSuccess(HttpApiSchema.NoContent))
  .add(
    HttpApiEndpoint.patch("trickle", "/cameras/:id/whip/:publicationId")
      .setPath(publication)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(MethodNotAllowed)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(NotFound)
  .addError(Conflict)
  .addError(Unavailable)
  .middleware(PublisherAuthentication)
  .annotate(
    OpenApi.Description,
    "Pushing a stream to a camera whose address is whip: (WHIP, RFC 9725), with the camera's publish token. Offer and answer hold all candidates; DELETE the answer's Location."
  ) {}
