import * as HttpApi from "@effect/platform/HttpApi"
import * as OpenApi from "@effect/platform/OpenApi"
import { Predicate } from "effect"
import { AuditGroup } from "./api/AuditApi.js"
import { CameraManagerGroup, HeartbeatGroup, WorkerTokensGroup } from "./api/CameraManagerApi.js"
import { CamerasGroup } from "./api/CamerasApi.js"
import { CatalogueGroup } from "./api/CatalogueApi.js"
import { EventsGroup } from "./api/EventsApi.js"
import { HealthGroup } from "./api/HealthApi.js"
import { LiveGroup } from "./api/LiveApi.js"
import { PublishTokensGroup } from "./api/PublishTokensApi.js"
import { SessionGroup, SignInGroup } from "./api/SessionApi.js"
import { SetupGroup } from "./api/SetupApi.js"
import { TenantsGroup } from "./api/TenantsApi.js"
import { UsersGroup } from "./api/UsersApi.js"
import { WhipGroup } from "./api/WhipApi.js"
import { problemContentType } from "./Problem.js"

const badRequestAnswer = {
  description: "The request is malformed or a value is not allowed.",
  content: { [problemContentType]: { schema: { $ref: "#/components/schemas/BadRequest" } } }
}

/** The library's own form of 400s; the server translates it. */
const translated: ReadonlySet<string> = new Set(["HttpApiDecodeError", "Issue"])

/** 400s are problem details in the document too. */
const withProblemsOnly = (spec: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(spec)
      .filter(([key]) => !translated.has(key))
      .map(([key, value]) => [key, key === "400" ? badRequestAnswer : withProblemsIn(value)])
  )

const withProblemsIn = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withProblemsIn)
  return Predicate.isReadonlyRecord(value) ? withProblemsOnly(value) : value
}

/**
 * The HTTP interface. Everything below `/api/v1` needs the session cookie, but `/setup` and signing in; what changes something and
 * comes from a browser must come from Vigil's own page (the Origin header). Errors are problem details (RFC 9457). The calls of
 * dashboards are in `VigilRpc`: WebSocket on `/api/v1/rpc`, ndjson (`RpcSerialization.layerNdjson`), with the same cookie.
 */
export class VigilApi extends HttpApi.make("vigil")
  .add(SetupGroup.prefix("/api/v1"))
  .add(SignInGroup.prefix("/api/v1"))
  .add(SessionGroup.prefix("/api/v1"))
  .add(UsersGroup.prefix("/api/v1"))
  .add(CamerasGroup.prefix("/api/v1"))
  .add(CameraManagerGroup.prefix("/api/v1"))
  .add(HeartbeatGroup.prefix("/api/v1"))
  .add(WorkerTokensGroup.prefix("/api/v1"))
  .add(LiveGroup.prefix("/api/v1"))
  .add(PublishTokensGroup.prefix("/api/v1"))
  .add(WhipGroup.prefix("/api/v1"))
  .add(EventsGroup.prefix("/api/v1"))
  .add(CatalogueGroup.prefix("/api/v1"))
  .add(AuditGroup.prefix("/api/v1"))
  .add(TenantsGroup.prefix("/api/v1"))
  .add(HealthGroup)
  .annotate(OpenApi.Title, "Vigil")
  .annotate(OpenApi.Version, "1.0.0")
  .annotate(OpenApi.License, { name: "GPL-3.0-or-later", url: "https://www.gnu.org/licenses/gpl-3.0.html" })
  .annotate(OpenApi.Transform, withProblemsOnly) {}
