import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { ApiKey, ApiKeyId, MadeApiKey, NewApiKey } from "../../ApiKey.js"
import { BadRequest, NotAllowed, NotFound, Unavailable } from "../Problem.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

export class ApiKeysGroup extends HttpApiGroup.make("apiKeys")
  .add(HttpApiEndpoint.get("list", "/api-keys").addSuccess(Schema.Array(ApiKey)))
  .add(
    HttpApiEndpoint.post("create", "/api-keys").setPayload(NewApiKey).addSuccess(MadeApiKey, { status: 201 }).addError(NotFound)
  )
  .add(
    HttpApiEndpoint.del("revoke", "/api-keys/:id")
      .setPath(Schema.Struct({ id: ApiKeyId }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(NotFound)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "What lets programs in: `Authorization: Bearer vgl_...`, within the key's scopes and its owner's role. Everybody has their own keys; administrators see, make and revoke all of the tenant. A key is told once, when it is made, and cannot make others."
  ) {}
