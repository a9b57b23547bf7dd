import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { CameraId, PlaceId } from "../../Ids.js"
import { SettingDefinition } from "../../settings/SettingCatalogue.js"
import { SettingsView } from "../../settings/SettingLevels.js"
import { SettingPatch } from "../../settings/SettingValues.js"
import { BadRequest, Conflict, NotAllowed, NotFound, PreconditionFailed, Unavailable } from "../Problem.js"
import { IfMatch } from "./IfMatch.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const site = Schema.Struct({ id: PlaceId })
const camera = Schema.Struct({ id: CameraId })

export class SettingsGroup extends HttpApiGroup.make("settings")
  .add(HttpApiEndpoint.get("definitions", "/settings/definitions").addSuccess(Schema.Array(SettingDefinition)))
  .add(HttpApiEndpoint.get("system", "/settings/system").addSuccess(SettingsView))
  .add(
    HttpApiEndpoint.patch("changeSystem", "/settings/system")
      .setHeaders(IfMatch)
      .setPayload(SettingPatch)
      .addSuccess(SettingsView)
      .addError(Conflict)
      .addError(PreconditionFailed)
  )
  .add(HttpApiEndpoint.get("tenant", "/settings/tenant").addSuccess(SettingsView))
  .add(
    HttpApiEndpoint.patch("changeTenant", "/settings/tenant")
      .setHeaders(IfMatch)
      .setPayload(SettingPatch)
      .addSuccess(SettingsView)
      .addError(Conflict)
      .addError(PreconditionFailed)
  )
  .add(HttpApiEndpoint.get("site", "/settings/sites/:id").setPath(site).addSuccess(SettingsView))
  .add(
    HttpApiEndpoint.patch("changeSite", "/settings/sites/:id")
      .setPath(site)
      .setHeaders(IfMatch)
      .setPayload(SettingPatch)
      .addSuccess(SettingsView)
      .addError(Conflict)
      .addError(PreconditionFailed)
  )
  .add(HttpApiEndpoint.get("camera", "/settings/cameras/:id").setPath(camera).addSuccess(SettingsView))
  .add(
    HttpApiEndpoint.patch("changeCamera", "/settings/cameras/:id")
      .setPath(camera)
      .setHeaders(IfMatch)
      .setPayload(SettingPatch)
      .addSuccess(SettingsView)
      .addError(Conflict)
      .addError(PreconditionFailed)
  )
  .add(HttpApiEndpoint.post("refresh", "/settings/refresh").addSuccess(HttpApiSchema.NoContent))
  .addError(BadRequest)
  .addError(NotFound)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "What cameras inherit: of the system (changed by administrators of the installation's own tenant), the tenant (administrators), its sites and cameras (supervisors). Each value comes with where it is said; changes hold within moments, without a camera being connected anew."
  ) {}
