import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import { Schema } from "effect"
import { HealthStatus } from "../port/Health.js"

const healthContentType = "application/health+json"

/** How the program is (draft-inadarei-api-health-check-06); `checks` only where the details are asked for. */
const fields = {
  status: HealthStatus,
  version: Schema.optional(Schema.String),
  checks: Schema.optional(
    Schema.Record({
      key: Schema.String,
      value: Schema.Array(
        Schema.Struct({
          componentType: Schema.Literal("component"),
          status: HealthStatus,
          output: Schema.optional(Schema.String),
          time: Schema.String
        })
      )
    })
  )
}

const annotations = (status: number, description: string) => ({
  [HttpApiSchema.AnnotationStatus]: status,
  description,
  [HttpApiSchema.AnnotationEncoding]: { kind: "Json", contentType: healthContentType } satisfies HttpApiSchema.Encoding
})

export class HealthReport extends Schema.Class<HealthReport>("HealthReport")(fields, annotations(200, "It serves.")) {}

export class UnhealthyReport extends Schema.Class<UnhealthyReport>("UnhealthyReport")(
  fields,
  annotations(503, "An essential part fails.")
) {}
