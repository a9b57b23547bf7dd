import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { PublicKeys } from "../../AccessToken.js"
import { KeyRotation, KeyStatus } from "../../KeyRotation.js"
import { BadRequest, Conflict, NotAllowed, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

export class KeysGroup extends HttpApiGroup.make("keys")
  .add(HttpApiEndpoint.get("status", "/keys").addSuccess(KeyStatus))
  .add(HttpApiEndpoint.post("rotate", "/keys/rotation").addSuccess(KeyRotation).addError(Conflict))
  .add(
    HttpApiEndpoint.post("rotateSigning", "/keys/signing/rotation")
      .setPayload(Schema.Struct({ only: Schema.optionalWith(Schema.Boolean, { default: () => false }) }))
      .addSuccess(PublicKeys)
      .addError(BadRequest)
  )
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "The master keys that stored secrets are under, by marks that tell nothing of them, and the rotation to the next one; a new key that access tokens are signed with, and with `only` no access token is good that was signed before; for administrators of the installation's own tenant."
  ) {}
