import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { Camera, CameraPatch, NewCamera } from "../../Camera.js"
import { BulkRequest, BulkResult } from "../../CameraBulk.js"
import { ImportReport } from "../../CameraSheet.js"
import { CameraPage, CameraQuery } from "../../CameraQuery.js"
import { CameraStatus } from "../../CameraStatus.js"
import { CameraId } from "../../Ids.js"
import { ProbeReport } from "../../Probe.js"
import { BadGateway, BadRequest, Conflict, NotAllowed, NotFound, PreconditionFailed, Unavailable } from "../Problem.js"
import { IfMatch } from "./IfMatch.js"
import { PageSize } from "./PageSize.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const camera = Schema.Struct({ id: CameraId })

/** `CameraQuery` as it travels in a URL. */
const CameraQueryParameters = Schema.Struct({
  ...CameraQuery.fields,
  enabled: Schema.optional(Schema.BooleanFromString),
  placed: Schema.optional(Schema.BooleanFromString),
  descending: Schema.optionalWith(Schema.BooleanFromString, { default: () => false }),
  count: Schema.optionalWith(Schema.BooleanFromString, { default: () => false }),
  limit: PageSize
})
const xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
const Jpeg = HttpApiSchema.Uint8Array({ contentType: "image/jpeg" })

export class CamerasGroup extends HttpApiGroup.make("cameras")
  .add(HttpApiEndpoint.get("list", "/cameras").setUrlParams(CameraQueryParameters).addSuccess(CameraPage))
  .add(HttpApiEndpoint.post("create", "/cameras").setPayload(NewCamera).addSuccess(Camera, { status: 201 }).addError(NotFound))
  .add(HttpApiEndpoint.get("statuses", "/cameras/status").addSuccess(Schema.Array(CameraStatus)))
  .add(
    HttpApiEndpoint.post("probe", "/cameras/probe")
      .setPayload(
        Schema.Struct({
          camera: NewCamera,
          cameraId: Schema.optional(
            CameraId.annotations({
              description: "Without credentials given, this camera's stored ones are used if host and port are the same."
            })
          ),
          seconds: Schema.optionalWith(Schema.Number.pipe(Schema.between(0.5, 30)), { default: () => 5 })
        })
      )
      .addSuccess(ProbeReport)
      .addError(NotFound)
      .addError(BadGateway)
  )
  .add(
    HttpApiEndpoint.post("bulk", "/cameras/bulk")
      .setPayload(BulkRequest)
      .addSuccess(Schema.Struct({ results: Schema.Array(BulkResult) }))
  )
  .add(
    HttpApiEndpoint.post("import", "/cameras/import")
      .setUrlParams(
        Schema.Struct({
          /** Look at the rows only. */
          dryRun: Schema.optionalWith(Schema.BooleanFromString, { default: () => false }),
          /** `all` adds nothing where a row is bad; `good` adds the others. */
          rows: Schema.optionalWith(Schema.Literal("all", "good"), { default: () => "all" as const })
        })
      )
      .setPayload(HttpApiSchema.Uint8Array({ contentType: "application/octet-stream" }))
      .addSuccess(ImportReport)
      .addError(NotFound)
      .addError(Conflict)
  )
  .add(HttpApiEndpoint.get("exportCsv", "/cameras/export.csv").addSuccess(HttpApiSchema.Uint8Array({ contentType: "text/csv" })))
  .add(HttpApiEndpoint.get("exportXlsx", "/cameras/export.xlsx").addSuccess(HttpApiSchema.Uint8Array({ contentType: xlsx })))
  .add(HttpApiEndpoint.get("get", "/cameras/:id").setPath(camera).addSuccess(Camera).addError(NotFound))
  .add(
    HttpApiEndpoint.patch("update", "/cameras/:id")
      .setPath(camera)
      .setHeaders(IfMatch)
      .setPayload(CameraPatch)
      .addSuccess(Camera)
      .addError(NotFound)
      .addError(PreconditionFailed)
  )
  .add(
    HttpApiEndpoint.del("remove", "/cameras/:id")
      .setPath(camera)
      .setHeaders(IfMatch)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(NotFound)
      .addError(PreconditionFailed)
  )
  .add(
    HttpApiEndpoint.get("status", "/cameras/:id/status")
      .setPath(camera)
      .addSuccess(CameraStatus)
      .addError(NotFound)
      .addError(Conflict)
  )
  .add(
    HttpApiEndpoint.get("snapshot", "/cameras/:id/snapshot")
      .setPath(camera)
      .addSuccess(Jpeg)
      .addError(NotFound)
      .addError(Conflict)
  )
  .add(
    HttpApiEndpoint.post("restart", "/cameras/:id/restart")
      .setPath(camera)
      .addSuccess(CameraStatus)
      .addError(NotFound)
      .addError(Conflict)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "Cameras: configuration (supervisors; administrators where the source is a file or device of the server), status and pictures (everybody), restart (operators)."
  ) {}
