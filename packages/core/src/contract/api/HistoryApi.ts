import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { ObjectDifference, ObjectHistory } from "../../ObjectHistory.js"
import { mostRemoved, RemovedObject, RestorableType } from "../../RemovedObject.js"
import { Rollback, RollbackRequest } from "../../Rollback.js"
import { VersionedType } from "../../VersionedType.js"
import { BadRequest, Conflict, NotAllowed, NotFound, PreconditionFailed, Unavailable } from "../Problem.js"
import { IfMatch } from "./IfMatch.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

/** Models and keys have names in place of UUIDs. */
const ObjectId = Schema.String.pipe(Schema.pattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/))

const object = Schema.Struct({ type: VersionedType, id: ObjectId })
const RevisionParameter = Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative())

export class HistoryGroup extends HttpApiGroup.make("history")
  .add(
    HttpApiEndpoint.get("removed", "/removed/:type")
      .setPath(Schema.Struct({ type: RestorableType }))
      .addSuccess(Schema.Array(RemovedObject).pipe(Schema.maxItems(mostRemoved)))
  )
  .add(HttpApiEndpoint.get("versions", "/history/:type/:id").setPath(object).addSuccess(ObjectHistory))
  .add(
    HttpApiEndpoint.get("difference", "/history/:type/:id/difference")
      .setPath(object)
      .setUrlParams(Schema.Struct({ from: RevisionParameter, to: RevisionParameter }))
      .addSuccess(ObjectDifference)
  )
  .add(
    HttpApiEndpoint.post("rollBack", "/history/:type/:id/rollback")
      .setPath(object)
      .setHeaders(IfMatch)
      .setPayload(RollbackRequest)
      .addSuccess(Rollback)
      .addError(Conflict)
      .addError(PreconditionFailed)
  )
  .addError(BadRequest)
  .addError(NotFound)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "The versions of everything that is configured, by the audit trail: of cameras, places and settings for supervisors, of all else for administrators. The way back to one is for whoever may make the same change by hand; it is a new version, and brings back what was removed: `/removed/{type}` has the 500 that were removed last. Secrets are kept nowhere, and so are in no version."
  ) {}
