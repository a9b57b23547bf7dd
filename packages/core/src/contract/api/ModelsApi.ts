import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { CameraId, ModelId } from "../../Ids.js"
import { CatalogueEntry } from "../../Model.js"
import { UnmetRequirement } from "../../ModelSuitability.js"
import { ModelVersion, NewModelVersion, VersionName } from "../../ModelVersion.js"
import { BadRequest, Conflict, NotAllowed, NotFound, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const version = Schema.Struct({ id: ModelId, version: VersionName })
const versions = "/models/:id/versions/:version"

/** A model that a camera's tenant has, and whether the camera can be given it. */
export const CameraModel = Schema.Struct({
  entry: CatalogueEntry,
  /** The camera names it. */
  assigned: Schema.Boolean,
  /** Why it cannot be given it, in words. */
  problem: Schema.NullOr(Schema.String),
  unmet: Schema.Array(UnmetRequirement)
}).annotations({ identifier: "CameraModel" })

export class ModelsGroup extends HttpApiGroup.make("models")
  .add(HttpApiEndpoint.get("versions", "/models/versions").addSuccess(Schema.Array(ModelVersion)))
  .add(
    HttpApiEndpoint.post("create", "/models/versions")
      .setPayload(Schema.Struct({ model: ModelId, ...NewModelVersion.fields }))
      .addSuccess(ModelVersion, { status: 201 })
      .addError(Conflict)
  )
  .add(HttpApiEndpoint.get("get", versions).setPath(version).addSuccess(ModelVersion).addError(NotFound))
  .add(
    HttpApiEndpoint.put("putPart", `${versions}/parts/:part`)
      .setPath(
        Schema.Struct({
          ...version.fields,
          part: Schema.NumberFromString.pipe(Schema.int(), Schema.between(0, 1_000_000))
        })
      )
      .setPayload(HttpApiSchema.Uint8Array({ contentType: "application/octet-stream" }))
      .addSuccess(ModelVersion)
      .addError(NotFound)
      .addError(Conflict)
  )
  .add(
    HttpApiEndpoint.post("check", `${versions}/check`)
      .setPath(version)
      .addSuccess(ModelVersion)
      .addError(NotFound)
      .addError(Conflict)
  )
  .add(
    HttpApiEndpoint.post("activate", `${versions}/activate`)
      .setPath(version)
      .addSuccess(ModelVersion)
      .addError(NotFound)
      .addError(Conflict)
  )
  .add(
    HttpApiEndpoint.post("deactivate", "/models/:id/deactivate")
      .setPath(Schema.Struct({ id: ModelId }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(NotFound)
      .addError(Conflict)
  )
  .add(
    HttpApiEndpoint.del("remove", versions)
      .setPath(version)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(NotFound)
      .addError(Conflict)
  )
  .add(
    HttpApiEndpoint.get("forCamera", "/cameras/:id/models")
      .setPath(Schema.Struct({ id: CameraId }))
      .addSuccess(Schema.Array(CameraModel))
      .addError(NotFound)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "Models of the tenant's own (administrators; everybody may look). A version is announced with the size and SHA-256 of its ONNX file, the file follows in parts of 1,000,000 bytes (the last one: the rest), which may come in any order and again; then it is checked: read and run once in a process without rights. What passes can be activated, what does not stays in quarantine. Cameras that name the model run its active version, and change to another one without a pause."
  ) {}
