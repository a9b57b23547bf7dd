import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { AuditHash, AuditPage, AuditQuery } from "../../AuditEntry.js"
import { AuditVerification } from "../../AuditVerification.js"
import { BadRequest, NotAllowed, Unavailable } from "../Problem.js"
import { PageSize } from "./PageSize.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

/** `AuditQuery` as it travels in a URL. */
const AuditQueryParameters = Schema.Struct({
  ...AuditQuery.fields,
  before: Schema.optional(Schema.NumberFromString.pipe(Schema.int(), Schema.positive())),
  limit: PageSize
})

/** An entry by its number and hash, as somebody noted it. */
const NotedMark = Schema.Struct({
  sequence: Schema.optional(Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative())),
  hash: Schema.optional(AuditHash)
})

export class AuditGroup extends HttpApiGroup.make("audit")
  .add(HttpApiEndpoint.get("list", "/audit").setUrlParams(AuditQueryParameters).addSuccess(AuditPage))
  .add(HttpApiEndpoint.get("verify", "/audit/verification").setUrlParams(NotedMark).addSuccess(AuditVerification))
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "Who changed what, when and from where, newest first, and whether the trail is whole; for administrators."
  ) {}
