import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import * as OpenApi from "@effect/platform/OpenApi"
import { Predicate, Schema } from "effect"
import { AnalyticDescriptor } from "../Analytic.js"
import { AuditPage, AuditQuery } from "../AuditEntry.js"
import { Camera, CameraPatch, NewCamera } from "../Camera.js"
import { CameraStatus } from "../CameraStatus.js"
import { EventEntry, EventPage, EventQuery, EventStatus } from "../Event.js"
import { parseCursor } from "../EventCursor.js"
import { CameraId, EventId, UserId } from "../Ids.js"
import { CatalogueEntry } from "../Model.js"
import { ProbeReport } from "../Probe.js"
import { Session, SessionId } from "../Session.js"
import { Tenant } from "../Tenant.js"
import { Role, User } from "../User.js"
import { HealthReport, UnhealthyReport } from "./HealthReport.js"
import { Principal } from "./Principal.js"
import {
  BadGateway,
  BadRequest,
  Conflict,
  NotAllowed,
  NotFound,
  NotSignedIn,
  PreconditionFailed,
  problemContentType,
  TooManyRequests,
  Unavailable
} from "./Problem.js"

/**
 * The session cookie's names: with the prefix `__Host-` (RFC 6265bis 4.1.3.2) where Vigil is reached over HTTPS, without it over plain
 * HTTP, where browsers refuse the prefix.
 */
export const sessionCookie = { secure: "__Host-vigil-session", plain: "vigil-session" } as const

/** Lets a request through only with a valid session, and gives its handler the {@link Principal}. */
export class SessionAuthentication extends HttpApiMiddleware.Tag<SessionAuthentication>()("@vigil/core/SessionAuthentication", {
  provides: Principal,
  failure: Schema.Union(NotSignedIn, Unavailable),
  security: {
    secure: HttpApiSecurity.apiKey({ in: "cookie", key: sessionCookie.secure }),
    plain: HttpApiSecurity.apiKey({ in: "cookie", key: sessionCookie.plain })
  }
}) {}

const Username = User.fields.username
/** What is typed: bounded, but its rules are only looked at where a password is set. */
const Password = Schema.Redacted(Schema.String.pipe(Schema.maxLength(1024)))
const camera = Schema.Struct({ id: CameraId })
const event = Schema.Struct({ id: EventId })
const user = Schema.Struct({ id: UserId })

class SetupGroup extends HttpApiGroup.make("setup")
  .add(HttpApiEndpoint.get("needed", "/setup").addSuccess(Schema.Struct({ needed: Schema.Boolean })))
  .add(
    HttpApiEndpoint.post("perform", "/setup")
      .setPayload(Schema.Struct({ token: Schema.String.pipe(Schema.maxLength(200)), username: Username, password: Password }))
      .addSuccess(User, { status: 201 })
      .addError(NotAllowed)
      .addError(Conflict)
      .addError(TooManyRequests)
  )
  .addError(BadRequest)
  .addError(Unavailable)
  .annotate(OpenApi.Description, "Creates the first administrator with the one-time link that Vigil prints.") {}

class SignInGroup extends HttpApiGroup.make("signIn")
  .add(
    HttpApiEndpoint.post("signIn", "/session")
      .setPayload(Schema.Struct({ username: Schema.String.pipe(Schema.maxLength(100)), password: Password }))
      .addSuccess(User)
  )
  .addError(BadRequest)
  .addError(NotSignedIn)
  .addError(NotAllowed)
  .addError(TooManyRequests)
  .addError(Unavailable)
  .annotate(OpenApi.Description, "Begins a session; the answer sets its cookie.") {}

class SessionGroup extends HttpApiGroup.make("session")
  .add(HttpApiEndpoint.get("me", "/session").addSuccess(User))
  .add(HttpApiEndpoint.del("signOut", "/session").addSuccess(HttpApiSchema.NoContent))
  .add(HttpApiEndpoint.get("list", "/sessions").addSuccess(Schema.Array(Session)))
  .add(
    HttpApiEndpoint.del("revoke", "/sessions/:id")
      .setPath(Schema.Struct({ id: SessionId }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(NotFound)
  )
  .add(
    HttpApiEndpoint.put("changePassword", "/session/password")
      .setPayload(Schema.Struct({ current: Password, next: Password }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(TooManyRequests)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(OpenApi.Description, "The signed-in user's own sessions and password.") {}

class UsersGroup extends HttpApiGroup.make("users")
  .add(HttpApiEndpoint.get("list", "/users").addSuccess(Schema.Array(User)))
  .add(
    HttpApiEndpoint.post("create", "/users")
      .setPayload(Schema.Struct({ username: Username, role: Role, password: Password }))
      .addSuccess(User, { status: 201 })
      .addError(Conflict)
  )
  .add(
    HttpApiEndpoint.patch("change", "/users/:id")
      .setPath(user)
      .setPayload(Schema.Struct({ role: Schema.optional(Role), password: Schema.optional(Password) }))
      .addSuccess(User)
      .addError(NotFound)
      .addError(Conflict)
  )
  .add(
    HttpApiEndpoint.del("remove", "/users/:id")
      .setPath(user)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(NotFound)
      .addError(Conflict)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(OpenApi.Description, "The tenant's users; for administrators.") {}

/** An entity tag is the camera's revision in quotes. */
const IfMatch = Schema.Struct({ "if-match": Schema.optional(Schema.String.pipe(Schema.pattern(/^(\*|"\d{1,9}")$/))) })
const Jpeg = HttpApiSchema.Uint8Array({ contentType: "image/jpeg" })

class CamerasGroup extends HttpApiGroup.make("cameras")
  .add(HttpApiEndpoint.get("list", "/cameras").addSuccess(Schema.Array(Camera)))
  .add(HttpApiEndpoint.post("create", "/cameras").setPayload(NewCamera).addSuccess(Camera, { status: 201 }))
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
  .add(HttpApiEndpoint.del("remove", "/cameras/:id").setPath(camera).addSuccess(HttpApiSchema.NoContent).addError(NotFound))
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

/** A session description (RFC 8866). Travels as bytes because HTTP gives its type no charset; it is UTF-8. */
const Sdp = HttpApiSchema.Uint8Array({ contentType: "application/sdp" })

class LiveGroup extends HttpApiGroup.make("live")
  .add(
    HttpApiEndpoint.post("open", "/cameras/:id/whep")
      .setPath(camera)
      .setPayload(Sdp)
      .addSuccess(HttpApiSchema.Uint8Array({ contentType: "application/sdp" }), { status: 201 })
      .addError(Conflict)
  )
  .add(
    HttpApiEndpoint.del("close", "/cameras/:id/whep/:viewId")
      .setPath(Schema.Struct({ id: CameraId, viewId: Schema.String.pipe(Schema.maxLength(200)) }))
      .addSuccess(HttpApiSchema.NoContent)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(NotFound)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "Live views over WebRTC: WHEP (draft-ietf-wish-whep). The answer holds all candidates; DELETE its Location."
  ) {}

const PageSize = Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, 500)), { default: () => 50 })

/** `EventQuery` as it travels in a URL. */
const EventQueryParameters = Schema.Struct({
  ...EventQuery.fields,
  cursor: Schema.optional(
    Schema.String.pipe(Schema.filter((text) => parseCursor(text)._tag === "Some" || "expected the nextCursor of a page before"))
  ),
  limit: PageSize
})

class EventsGroup extends HttpApiGroup.make("events")
  .add(HttpApiEndpoint.get("list", "/events").setUrlParams(EventQueryParameters).addSuccess(EventPage))
  .add(HttpApiEndpoint.get("get", "/events/:id").setPath(event).addSuccess(EventEntry).addError(NotFound))
  .add(
    HttpApiEndpoint.patch("setStatus", "/events/:id")
      .setPath(event)
      .setPayload(Schema.Struct({ status: EventStatus }))
      .addSuccess(EventEntry)
      .addError(NotFound)
  )
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(OpenApi.Description, "The tenant's events, newest first; operators set their status.") {}

/** `AuditQuery` as it travels in a URL. */
const AuditQueryParameters = Schema.Struct({
  ...AuditQuery.fields,
  before: Schema.optional(Schema.NumberFromString.pipe(Schema.int(), Schema.positive())),
  limit: PageSize
})

class AuditGroup extends HttpApiGroup.make("audit")
  .add(HttpApiEndpoint.get("list", "/audit").setUrlParams(AuditQueryParameters).addSuccess(AuditPage))
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(OpenApi.Description, "Who changed what, when and from where, newest first; for administrators.") {}

class TenantsGroup extends HttpApiGroup.make("tenants")
  .add(HttpApiEndpoint.get("list", "/tenants").addSuccess(Schema.Array(Tenant)))
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(OpenApi.Description, "All tenants for the operator of the machine, the own one for an administrator.") {}

class CatalogueGroup extends HttpApiGroup.make("catalogue")
  .add(HttpApiEndpoint.get("models", "/models").addSuccess(Schema.Array(CatalogueEntry)))
  .add(HttpApiEndpoint.get("analytics", "/analytics").addSuccess(Schema.Array(AnalyticDescriptor)))
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(OpenApi.Description, "The models and analytics that this installation has.") {}

class HealthGroup extends HttpApiGroup.make("health")
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
  .add(LiveGroup.prefix("/api/v1"))
  .add(EventsGroup.prefix("/api/v1"))
  .add(CatalogueGroup.prefix("/api/v1"))
  .add(AuditGroup.prefix("/api/v1"))
  .add(TenantsGroup.prefix("/api/v1"))
  .add(HealthGroup)
  .annotate(OpenApi.Title, "Vigil")
  .annotate(OpenApi.Version, "1.0.0")
  .annotate(OpenApi.License, { name: "GPL-3.0-or-later", url: "https://www.gnu.org/licenses/gpl-3.0.html" })
  .annotate(OpenApi.Transform, withProblemsOnly) {}
