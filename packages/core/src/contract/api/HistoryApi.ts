import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { Camera } from "../../Camera.js"
import { CameraId } from "../../Ids.js"
import { ObjectDifference, ObjectHistory, VersionedType } from "../../ObjectHistory.js"
import { Credentials } from "../../Source.js"
import { BadRequest, NotAllowed, NotFound, PreconditionFailed, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const object = Schema.Struct({ type: VersionedType, id: Schema.UUID })
const Revision = Schema.Int.pipe(Schema.positive())
const RevisionParameter = Schema.NumberFromString.pipe(Schema.int(), Schema.positive())

export class HistoryGroup extends HttpApiGroup.make("history")
  .add(HttpApiEndpoint.get("versions", "/history/:type/:id").setPath(object).addSuccess(ObjectHistory))
  .add(
    HttpApiEndpoint.get("difference", "/history/:type/:id/difference")
      .setPath(object)
      .setUrlParams(Schema.Struct({ from: RevisionParameter, to: RevisionParameter }))
      .addSuccess(ObjectDifference)
  )
  .add(
    HttpApiEndpoint.post("rollBackCamera", "/cameras/:id/rollback")
      .setPath(Schema.Struct({ id: CameraId }))
      .setPayload(
        Schema.Struct({
          revision: Revision,
          expectedRevision: Schema.optional(Revision),
          credentials: Schema.optional(Schema.NullOr(Credentials))
        })
      )
      .addSuccess(Camera)
      .addError(PreconditionFailed)
  )
  .addError(BadRequest)
  .addError(NotFound)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "The versions of cameras and places (supervisors), users, tokens, keys and edges (administrators) by the audit trail, and the way back to one of a camera's (supervisors)."
  ) {}
