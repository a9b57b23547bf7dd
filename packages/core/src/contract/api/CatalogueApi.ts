import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { AnalyticDescriptor } from "../../Analytic.js"
import { CatalogueEntry } from "../../Model.js"
import { Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

export class CatalogueGroup extends HttpApiGroup.make("catalogue")
  .add(HttpApiEndpoint.get("models", "/models").addSuccess(Schema.Array(CatalogueEntry)))
  .add(HttpApiEndpoint.get("analytics", "/analytics").addSuccess(Schema.Array(AnalyticDescriptor)))
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(OpenApi.Description, "The models and analytics that this installation has.") {}
