import * as HttpApi from "@effect/platform/HttpApi"
import * as OpenApi from "@effect/platform/OpenApi"
import { AccountsGroup } from "./api/AccountsApi.js"
import { ApiKeysGroup } from "./api/ApiKeysApi.js"
import { AuditGroup } from "./api/AuditApi.js"
import { CameraManagerGroup, HeartbeatGroup, WorkerTokensGroup } from "./api/CameraManagerApi.js"
import { CamerasGroup } from "./api/CamerasApi.js"
import { CatalogueGroup } from "./api/CatalogueApi.js"
import { ClusterGroup } from "./api/ClusterApi.js"
import { completeDocument } from "./api/Document.js"
import { DiscoveriesGroup } from "./api/DiscoveriesApi.js"
import { EdgesGroup } from "./api/EdgesApi.js"
import { EventsGroup } from "./api/EventsApi.js"
import { GrantsGroup } from "./api/GrantsApi.js"
import { HealthGroup } from "./api/HealthApi.js"
import { HistoryGroup } from "./api/HistoryApi.js"
import { IdentityProvidersGroup, OpenIdGroup } from "./api/IdentityProvidersApi.js"
import { JobsGroup } from "./api/JobsApi.js"
import { KeysGroup } from "./api/KeysApi.js"
import { LiveGroup } from "./api/LiveApi.js"
import { PasswordResetGroup } from "./api/PasswordResetApi.js"
import { ModelsGroup } from "./api/ModelsApi.js"
import { PlacesGroup } from "./api/PlacesApi.js"
import { PrivacyGroup } from "./api/PrivacyApi.js"
import { ProgramsGroup } from "./api/ProgramsApi.js"
import { PublishTokensGroup } from "./api/PublishTokensApi.js"
import { SecondFactorGroup, SignInPolicyGroup } from "./api/SecondFactorApi.js"
import { SessionGroup, SignInGroup } from "./api/SessionApi.js"
import { SettingsGroup } from "./api/SettingsApi.js"
import { SetupGroup } from "./api/SetupApi.js"
import { TenantsGroup } from "./api/TenantsApi.js"
import { PublicKeysGroup, TokensGroup } from "./api/TokensApi.js"
import { UserAccessGroup } from "./api/UserAccessApi.js"
import { UsersGroup } from "./api/UsersApi.js"
import { WhipGroup } from "./api/WhipApi.js"

/**
 * The HTTP interface. Everything below `/api/v1` needs the session cookie, an access token or an API key, but `/setup` and signing in; what changes
 * something and comes from a browser must come from Vigil's own page (the Origin header). Errors are problem details (RFC 9457). The
 * calls of dashboards are in `VigilRpc`: WebSocket on `/api/v1/rpc`, ndjson (`RpcSerialization.layerNdjson`), with the same cookie.
 */
export class VigilApi extends HttpApi.make("vigil")
  .add(SetupGroup.prefix("/api/v1"))
  .add(SignInGroup.prefix("/api/v1"))
  .add(SessionGroup.prefix("/api/v1"))
  .add(TokensGroup.prefix("/api/v1"))
  .add(PublicKeysGroup.prefix("/api/v1"))
  .add(SecondFactorGroup.prefix("/api/v1"))
  .add(SignInPolicyGroup.prefix("/api/v1"))
  .add(ProgramsGroup.prefix("/api/v1"))
  .add(UsersGroup.prefix("/api/v1"))
  .add(AccountsGroup.prefix("/api/v1"))
  .add(PasswordResetGroup.prefix("/api/v1"))
  .add(IdentityProvidersGroup.prefix("/api/v1"))
  .add(OpenIdGroup.prefix("/api/v1"))
  .add(UserAccessGroup.prefix("/api/v1"))
  .add(GrantsGroup.prefix("/api/v1"))
  .add(ApiKeysGroup.prefix("/api/v1"))
  .add(CamerasGroup.prefix("/api/v1"))
  .add(CameraManagerGroup.prefix("/api/v1"))
  .add(HeartbeatGroup.prefix("/api/v1"))
  .add(WorkerTokensGroup.prefix("/api/v1"))
  .add(LiveGroup.prefix("/api/v1"))
  .add(PublishTokensGroup.prefix("/api/v1"))
  .add(WhipGroup.prefix("/api/v1"))
  .add(EventsGroup.prefix("/api/v1"))
  .add(CatalogueGroup.prefix("/api/v1"))
  .add(ModelsGroup.prefix("/api/v1"))
  .add(JobsGroup.prefix("/api/v1"))
  .add(ClusterGroup.prefix("/api/v1"))
  .add(EdgesGroup.prefix("/api/v1"))
  .add(PlacesGroup.prefix("/api/v1"))
  .add(SettingsGroup.prefix("/api/v1"))
  .add(DiscoveriesGroup.prefix("/api/v1"))
  .add(AuditGroup.prefix("/api/v1"))
  .add(HistoryGroup.prefix("/api/v1"))
  .add(KeysGroup.prefix("/api/v1"))
  .add(PrivacyGroup.prefix("/api/v1"))
  .add(TenantsGroup.prefix("/api/v1"))
  .add(HealthGroup)
  .annotate(OpenApi.Title, "Vigil")
  .annotate(OpenApi.Version, "1.0.0")
  .annotate(OpenApi.License, { name: "GPL-3.0-or-later", url: "https://www.gnu.org/licenses/gpl-3.0.html" })
  .annotate(OpenApi.Transform, completeDocument) {}
