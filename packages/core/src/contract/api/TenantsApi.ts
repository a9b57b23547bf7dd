import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { Tenant } from "../../Tenant.js"
import { NotAllowed, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

export class TenantsGroup extends HttpApiGroup.make("tenants")
  .add(HttpApiEndpoint.get("list", "/tenants").addSuccess(Schema.Array(Tenant)))
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(OpenApi.Description, "All tenants for the operator of the machine, the own one for an administrator.") {}
