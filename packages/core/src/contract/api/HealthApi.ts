import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { HealthReport, UnhealthyReport } from "../HealthReport.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

export class HealthGroup extends HttpApiGroup.make("health")
  .add(HttpApiEndpoint.get("health", "/health").addSuccess(HealthReport).addError(UnhealthyReport))
  .add(HttpApiEndpoint.get("live", "/health/live").addSuccess(HealthReport))
  .add(HttpApiEndpoint.get("ready", "/health/ready").addSuccess(HealthReport).addError(UnhealthyReport))
  .add(
    HttpApiEndpoint.get("detailed", "/health/detailed")
      .addSuccess(HealthReport)
      .addError(UnhealthyReport)
      .middleware(SessionAuthentication)
  )
  .annotate(OpenApi.Description, "For load balancers and people (draft-inadarei-api-health-check).") {}
