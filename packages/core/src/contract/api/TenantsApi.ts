import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { TenantId } from "../../Ids.js"
import { Licence, LicenceStanding } from "../../Licence.js"
import { Tenant, TenantName, TenantPatch } from "../../Tenant.js"
import { User } from "../../User.js"
import { BadRequest, Conflict, NotAllowed, NotFound, PreconditionFailed, Unavailable } from "../Problem.js"
import { IfMatch } from "./IfMatch.js"
import { SessionAuthentication } from "./SessionAuthentication.js"
import { TypedPassword } from "./TypedPassword.js"

const tenant = Schema.Struct({ id: TenantId })

const NewTenantForm = Schema.Struct({
  name: TenantName,
  /** Who adds the tenant's other users. */
  administrator: Schema.Struct({ username: User.fields.username, password: TypedPassword }),
  /** Absent: everything is allowed. */
  licence: Schema.optional(Licence)
}).annotations({ identifier: "NewTenant" })
export type NewTenantForm = typeof NewTenantForm.Type

export class TenantsGroup extends HttpApiGroup.make("tenants")
  .add(HttpApiEndpoint.get("list", "/tenants").addSuccess(Schema.Array(Tenant)))
  .add(
    HttpApiEndpoint.post("create", "/tenants").setPayload(NewTenantForm).addSuccess(Tenant, { status: 201 }).addError(Conflict)
  )
  .add(HttpApiEndpoint.get("get", "/tenants/:id").setPath(tenant).addSuccess(Tenant).addError(NotFound))
  .add(
    HttpApiEndpoint.patch("change", "/tenants/:id")
      .setPath(tenant)
      .setPayload(TenantPatch)
      .addSuccess(Tenant)
      .addError(NotFound)
      .addError(Conflict)
  )
  .add(
    HttpApiEndpoint.del("remove", "/tenants/:id")
      .setPath(tenant)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(NotFound)
      .addError(Conflict)
  )
  .add(HttpApiEndpoint.get("licence", "/tenants/:id/licence").setPath(tenant).addSuccess(LicenceStanding).addError(NotFound))
  .add(
    HttpApiEndpoint.put("setLicence", "/tenants/:id/licence")
      .setPath(tenant)
      .setHeaders(IfMatch)
      .setPayload(Licence)
      .addSuccess(LicenceStanding)
      .addError(NotFound)
      .addError(PreconditionFailed)
  )
  .add(HttpApiEndpoint.get("ownLicence", "/licence").addSuccess(LicenceStanding).addError(NotFound))
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "Tenants and their licences: all of them for the operator of the machine, who alone changes them; the own one for its administrators, and the own licence for supervisors. While the licence is not simply valid, every answer to the tenant says so in the header `Vigil-Licence`: expiring, exceeded, early, expired."
  ) {}
