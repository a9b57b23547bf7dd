import type { Forbidden, ScopeMissing, Unauthorized } from "@vigil/core/contract/Principal"
import {
  BadGateway,
  BadRequest,
  Conflict,
  type InvalidField,
  NotAllowed,
  NotFound,
  NotSignedIn,
  PreconditionFailed,
  TooManyRequests,
  Unavailable
} from "@vigil/core/contract/Problem"
import type { LicenceRefused } from "@vigil/core/Licence"
import type { KeyRotationRefused } from "@vigil/core/KeyRotation"
import type { ModelError } from "@vigil/core/Model"
import type { CursorRefused } from "@vigil/core/PageCursor"
import type { ApiKeyNotFound } from "@vigil/core/port/ApiKeyStore"
import type { InvalidAnalytic } from "@vigil/core/port/AnalyticCatalogue"
import type { VersionConflict, VersionNotFound } from "@vigil/core/ObjectHistory"
import type { RollbackRefused } from "@vigil/core/Rollback"
import type { CameraNotRunning, NoKeyframe, NoPicture } from "@vigil/core/port/CameraControl"
import type { GrantsRevisionConflict } from "@vigil/core/port/GrantStore"
import type { CameraNotFound, RevisionConflict } from "@vigil/core/port/CameraStore"
import type { ModelUnsuitable } from "@vigil/core/port/ModelLibrary"
import type { ModelVersionNotFound, ModelVersionRefused } from "@vigil/core/port/ModelStore"
import type { NodeNotFound, NodeUnavailable } from "@vigil/core/port/ClusterControl"
import type { IdentityProviderNotFound, ProviderSlugTaken } from "@vigil/core/port/IdentityProviderStore"
import type { DiscoveryNotFound, DiscoveryRefused } from "@vigil/core/port/DiscoveryStore"
import type { RangeRefused } from "@vigil/core/port/NetworkScanner"
import type { EdgeNameTaken, EdgeNotFound } from "@vigil/core/port/EdgeStore"
import type { ErasureNotFound } from "@vigil/core/port/ErasureStore"
import type { EventFull, EventNotFound } from "@vigil/core/port/EventStore"
import type { LiveViewNotFound, LiveViewRefused } from "@vigil/core/port/LiveViews"
import type { PublicationNotFound, PublicationRefused } from "@vigil/core/port/Publications"
import type { PlaceNotFound, PlaceRefused, PlaceRevisionConflict } from "@vigil/core/port/PlaceStore"
import type { ChangedMeanwhile } from "@vigil/core/port/Expected"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import type { DeadJobNotFound, VideoJobQueueUnavailable } from "@vigil/core/port/VideoJobQueue"
import type { TenantNotFound, TenantRefused } from "@vigil/core/port/TenantStore"
import type { WorkerTokenNotFound } from "@vigil/core/port/WorkerTokenStore"
import type { LastAdministrator, SetupRefused, UsernameTaken, UserNotFound } from "@vigil/core/port/UserStore"
import type { BusUnavailable } from "@vigil/core/port/Bus"
import type { SettingsRefused } from "@vigil/core/port/SettingStore"
import type { InvalidSetting } from "@vigil/core/settings/SettingCatalogue"
import type { SourceError } from "@vigil/core/Source"
import type { SheetError } from "../sheet/SheetError.js"
import type { ExpiryPassed } from "../application/ApiKeyOperations.js"
import type { SessionNotFound } from "../application/SignInOperations.js"
import type { PlainIssuer } from "../application/IdentityProviderOperations.js"
import type { ProviderFailed } from "../auth/OpenIdClient.js"
import type { LinkRefused, MailNotConfigured, ResetRefused } from "../auth/PasswordResets.js"
import type { WeakPassword, WrongPassword } from "../auth/PasswordRules.js"
import type { CodeRefused, SecondFactorLacking, SecondFactorRefused } from "../auth/SecondFactors.js"
import type { TooManyAttempts } from "../auth/SignInThrottle.js"

/** Names the kind of problem for programs. */
export const problemType = (kind: string): string => `urn:vigil:problem:${kind}`

const details = <Status extends number>(
  status: Status,
  kind: string,
  title: string,
  detail: string,
  errors?: ReadonlyArray<InvalidField>
) => ({
  type: problemType(kind),
  title,
  status,
  detail,
  ...(errors === undefined ? {} : { errors })
})

const notFound = (kind: string, detail: string) => new NotFound(details(404, kind, "Not found", detail))
const badRequest = (kind: string, detail: string, pointer: string) =>
  new BadRequest(details(400, kind, "Bad request", detail, [{ pointer, detail }]))
const conflict = (kind: string, detail: string) => new Conflict(details(409, kind, "Conflict", detail))

const changedSince = (detail: string) =>
  new PreconditionFailed(details(412, "revision-conflict", "Changed by somebody else", detail))

/** The camera was looked at, and does not do as it should. */
export const probeProblem = (error: SourceError): BadRequest | BadGateway =>
  error.reason === "invalid-url" || error.reason === "unsupported"
    ? problems.SourceError(error)
    : new BadGateway(details(502, `source-${error.reason}`, "The camera does not answer as it should", error.message))

/** The problem of each error that a handler may fail with. */
const problems = {
  Unauthorized: (error: Unauthorized) => new NotSignedIn(details(401, "unauthorized", "Not signed in", error.detail)),
  Forbidden: (error: Forbidden) => new NotAllowed(details(403, "forbidden", "Not allowed", error.message)),
  ScopeMissing: (error: ScopeMissing) => new NotAllowed(details(403, "scope", "Not allowed", error.message)),
  CodeRefused: ({ message, reason }: CodeRefused) => new NotSignedIn(details(401, `code-${reason}`, "Not signed in", message)),
  SecondFactorLacking: (error: SecondFactorLacking) =>
    new NotAllowed(details(403, "second-factor-required", "Not allowed", error.message)),
  SecondFactorRefused: (error: SecondFactorRefused) => conflict(`second-factor-${error.reason}`, error.message),
  SessionNotFound: (error: SessionNotFound) => notFound("session-not-found", error.message),
  StoreUnavailable: (error: StoreUnavailable) =>
    new Unavailable(details(503, "store-unavailable", "The database is away", error.message)),
  CameraNotFound: (error: CameraNotFound) => notFound("camera-not-found", error.message),
  CursorRefused: (error: CursorRefused) => badRequest("cursor-refused", error.message, "/cursor"),
  ErasureNotFound: (error: ErasureNotFound) => notFound("erasure-not-found", error.message),
  EventFull: ({ message, what }: EventFull) => conflict(`event-${what}`, message),
  EventNotFound: (error: EventNotFound) => notFound("event-not-found", error.message),
  LiveViewNotFound: (error: LiveViewNotFound) => notFound("live-view-not-found", error.message),
  WorkerTokenNotFound: (error: WorkerTokenNotFound) => notFound("worker-token-not-found", error.message),
  ExpiryPassed: (error: ExpiryPassed) => badRequest("expiry-passed", error.message, "/expiresAt"),
  ApiKeyNotFound: (error: ApiKeyNotFound) => notFound("api-key-not-found", error.message),
  EdgeNotFound: (error: EdgeNotFound) => notFound("edge-not-found", error.message),
  DeadJobNotFound: (error: DeadJobNotFound) => notFound("dead-job-not-found", error.message),
  VideoJobQueueUnavailable: (error: VideoJobQueueUnavailable) =>
    new Unavailable(details(503, "queue-unavailable", "The queue of jobs for workers is away", error.message)),
  DiscoveryNotFound: (error: DiscoveryNotFound) => notFound("discovery-not-found", error.message),
  DiscoveryRefused: (error: DiscoveryRefused) => conflict(`discovery-${error.reason}`, error.message),
  RangeRefused: (error: RangeRefused) => badRequest("range-refused", error.message, "/ranges"),
  PlaceNotFound: (error: PlaceNotFound) => notFound("place-not-found", error.message),
  SheetError: (error: SheetError) => badRequest("sheet", error.message, ""),
  PlaceRefused: (error: PlaceRefused) => conflict(`place-${error.reason}`, error.message),
  EdgeNameTaken: (error: EdgeNameTaken) => conflict("edge-name-taken", error.message),
  UserNotFound: (error: UserNotFound) => notFound("user-not-found", error.message),
  RevisionConflict: (error: RevisionConflict) => changedSince(error.message),
  PlaceRevisionConflict: (error: PlaceRevisionConflict) => changedSince(error.message),
  ChangedMeanwhile: (error: ChangedMeanwhile) => changedSince(error.message),
  GrantsRevisionConflict: (error: GrantsRevisionConflict) => changedSince(error.message),
  SourceError: (error: SourceError) => badRequest(`source-${error.reason}`, error.detail, "/url"),
  InvalidAnalytic: (error: InvalidAnalytic) => badRequest("invalid-analytic", error.message, "/analytics"),
  InvalidSetting: (error: InvalidSetting) => badRequest("invalid-setting", error.message, `/${error.key}`),
  SettingsRefused: (error: SettingsRefused) =>
    error.reason === "revision"
      ? new PreconditionFailed(details(412, "revision-conflict", "Changed by somebody else", error.message))
      : conflict("too-many-settings", error.message),
  BusUnavailable: (error: BusUnavailable) =>
    new Unavailable(details(503, "bus-unavailable", "The bus between the nodes is away", error.message)),
  CameraNotRunning: (error: CameraNotRunning) => conflict("camera-not-running", error.message),
  NoKeyframe: (error: NoKeyframe) => conflict(`no-keyframe-${error.reason}`, error.message),
  NoPicture: (error: NoPicture) => conflict("no-picture", error.message),
  ModelError: (error: ModelError) =>
    new Unavailable(details(503, `model-${error.reason}`, "The model catalogue cannot be read", error.message)),
  ModelUnsuitable: (error: ModelUnsuitable) => badRequest(`model-${error.reason}`, error.message, "/detection/model"),
  ModelVersionNotFound: (error: ModelVersionNotFound) => notFound("model-version-not-found", error.message),
  ModelVersionRefused: (error: ModelVersionRefused) =>
    error.reason === "part" ? badRequest("model-part", error.message, "") : conflict(`model-${error.reason}`, error.message),
  LiveViewRefused: (error: LiveViewRefused) => {
    if (error.reason === "offer") return badRequest("live-view-offer", error.message, "")
    if (error.reason === "codec") return conflict("live-view-codec", error.message)
    return new Unavailable(details(503, "live-view-limit", "Too many viewers", error.message))
  },
  PublicationNotFound: (error: PublicationNotFound) => notFound("publication-not-found", error.message),
  PublicationRefused: (error: PublicationRefused) =>
    error.reason === "offer"
      ? badRequest("publication-offer", error.message, "")
      : conflict(`publication-${error.reason}`, error.message),
  VersionNotFound: (error: VersionNotFound) => notFound("version-not-found", error.message),
  VersionConflict: (error: VersionConflict) => changedSince(error.message),
  RollbackRefused: (error: RollbackRefused) => conflict(`rollback-${error.reason}`, error.message),
  KeyRotationRefused: (error: KeyRotationRefused) => conflict("key-rotation-refused", error.message),
  NodeNotFound: (error: NodeNotFound) => notFound("node-not-found", error.message),
  NodeUnavailable: (error: NodeUnavailable) =>
    new Unavailable(details(503, "node-unavailable", "The node could not do it", error.message)),
  TenantNotFound: (error: TenantNotFound) => notFound("tenant-not-found", error.message),
  TenantRefused: (error: TenantRefused) => conflict(`tenant-${error.reason}`, error.message),
  LicenceRefused: (error: LicenceRefused) =>
    new NotAllowed(details(403, `licence-${error.reason}`, "The licence does not allow it", error.message)),
  UsernameTaken: (error: UsernameTaken) => conflict("username-taken", error.message),
  LastAdministrator: (error: LastAdministrator) => conflict("last-administrator", error.message),
  SetupRefused: (error: SetupRefused) =>
    error.reason === "done"
      ? conflict("setup-done", error.message)
      : new NotAllowed(details(403, `setup-${error.reason}`, "Not allowed", error.message)),
  IdentityProviderNotFound: (error: IdentityProviderNotFound) => notFound("identity-provider-not-found", error.message),
  ProviderSlugTaken: (error: ProviderSlugTaken) => conflict("provider-slug-taken", error.message),
  PlainIssuer: (error: PlainIssuer) => badRequest("plain-issuer", error.message, "/issuer"),
  ProviderFailed: (error: ProviderFailed) =>
    new BadGateway(details(502, "provider-failed", "The identity provider does not answer as it should", error.message)),
  ResetRefused: (error: ResetRefused) => new NotAllowed(details(403, "reset-refused", "Not allowed", error.message)),
  MailNotConfigured: (error: MailNotConfigured) => conflict("mail-not-configured", error.message),
  LinkRefused: (error: LinkRefused) => conflict(`link-${error.reason}`, error.message),
  WrongPassword: (error: WrongPassword) => badRequest("wrong-password", error.message, "/password"),
  WeakPassword: ({ complaints }: WeakPassword) =>
    new BadRequest(
      details(
        400,
        "weak-password",
        "The password is too weak",
        complaints.join(" "),
        complaints.map((detail) => ({ pointer: "/password", detail }))
      )
    ),
  TooManyAttempts: (error: TooManyAttempts) =>
    new TooManyRequests(details(429, "too-many-attempts", "Too many attempts", error.message))
}

type Problems = typeof problems

/** The problem that an error becomes. */
type ProblemOf<E> = E extends { readonly _tag: infer Tag extends keyof Problems } ? ReturnType<Problems[Tag]> : never

/** The error as problem details. */
export const toProblem = <E extends { readonly _tag: keyof Problems }>(error: E): ProblemOf<E> => {
  const problem: unknown = problems[error._tag]
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table's entry for a tag takes the error of that tag
  return (problem as (error: E) => ProblemOf<E>)(error)
}
