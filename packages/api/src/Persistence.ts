/**
 * Everything that is kept: tenants, cameras, events, users, sessions, the audit trail, in one PostgreSQL database. Which one is told by the environment:
 * `VIGIL_DATABASE_URL` (`postgres://user:password@host/database`, also `?sslmode=verify-full`), or without it an embedded server below the
 * data folder. Secrets are encrypted with `VIGIL_KEY` or the data folder's file `key`.
 *
 * ```ts
 * import { layerPersistence } from "@vigil/api/Persistence"
 *
 * program.pipe(Effect.provide(layerPersistence(".vigil")))
 * ```
 *
 * @module
 */
import type { SqlError } from "@effect/sql/SqlError"
import type { AccountStore } from "@vigil/core/port/AccountStore"
import type { ApiKeyStore } from "@vigil/core/port/ApiKeyStore"
import type { AuditStore } from "@vigil/core/port/AuditStore"
import type { CameraStore } from "@vigil/core/port/CameraStore"
import type { DiscoveryStore } from "@vigil/core/port/DiscoveryStore"
import type { EdgeBuffer } from "@vigil/core/port/EdgeBuffer"
import type { DataExports } from "@vigil/core/port/DataExports"
import type { ErasureStore } from "@vigil/core/port/ErasureStore"
import type { EdgeStore } from "@vigil/core/port/EdgeStore"
import type { IdempotencyStore } from "@vigil/core/port/IdempotencyStore"
import type { IdentityProviderStore } from "@vigil/core/port/IdentityProviderStore"
import type { PasswordPolicyStore } from "@vigil/core/port/PasswordPolicyStore"
import type { PasswordResetStore } from "@vigil/core/port/PasswordResetStore"
import type { GrantStore } from "@vigil/core/port/GrantStore"
import type { EventStore } from "@vigil/core/port/EventStore"
import type { ModelStore } from "@vigil/core/port/ModelStore"
import type { KeyRotator } from "@vigil/core/port/KeyRotator"
import type { Licences } from "@vigil/core/port/Licences"
import type { RuntimeTable } from "@vigil/core/port/RuntimeTable"
import type { ProgramCodeStore } from "@vigil/core/port/ProgramCodeStore"
import type { PublishTokenStore } from "@vigil/core/port/PublishTokenStore"
import type { PlaceStore } from "@vigil/core/port/PlaceStore"
import type { PlacementStore } from "@vigil/core/port/PlacementStore"
import type { Outbox } from "@vigil/core/port/Outbox"
import type { SecondFactorStore } from "@vigil/core/port/SecondFactorStore"
import type { SettingStore } from "@vigil/core/port/SettingStore"
import type { SessionStore } from "@vigil/core/port/SessionStore"
import type { SigningKeyStore } from "@vigil/core/port/SigningKeyStore"
import { startTimeout } from "@vigil/core/StartTimeout"
import type { TenantStore } from "@vigil/core/port/TenantStore"
import type { UserStore } from "@vigil/core/port/UserStore"
import type { WorkerTokenStore } from "@vigil/core/port/WorkerTokenStore"
import { Config, type ConfigError, Effect, Layer, Option } from "effect"
import { join } from "node:path"
import { layerAccountStorePostgres } from "./database/AccountStorePostgres.js"
import { layerApiKeyStorePostgres } from "./database/ApiKeyStorePostgres.js"
import { layerAuditStorePostgres } from "./database/AuditStorePostgres.js"
import { layerCameraStorePostgres } from "./database/CameraStorePostgres.js"
import { layerRunnerStoragePostgres, type RunnerStorageOptions } from "./cluster/RunnerStoragePostgres.js"
import { sessionName } from "./cluster/LockKey.js"
import { type ConnectionOptions, toEmbedded, toUrl } from "./database/Connection.js"
import type { Database } from "./database/Database.js"
import { layerDatabase } from "./database/Database.js"
import type { DatabaseError } from "./database/DatabaseError.js"
import { startEmbeddedPostgres } from "./database/EmbeddedPostgres.js"
import { layerDiscoveryStorePostgres } from "./database/DiscoveryStorePostgres.js"
import { layerEdgeBufferPostgres } from "./edge/EdgeBufferPostgres.js"
import { layerEdgeStorePostgres } from "./database/EdgeStorePostgres.js"
import { layerDataExportsPostgres } from "./database/DataExportsPostgres.js"
import { layerErasureStorePostgres } from "./database/ErasureStorePostgres.js"
import { layerEventStorePostgres } from "./database/EventStorePostgres.js"
import { layerGrantStorePostgres } from "./database/GrantStorePostgres.js"
import { layerIdempotencyStorePostgres } from "./database/IdempotencyStorePostgres.js"
import { layerIdentityProviderStorePostgres } from "./database/IdentityProviderStorePostgres.js"
import { layerLicencesPostgres } from "./database/LicencesPostgres.js"
import { awaitDatabase } from "./database/AwaitDatabase.js"
import { migrate } from "./database/Migrations.js"
import { layerModelStorePostgres } from "./database/ModelStorePostgres.js"
import { layerPasswordPolicyStorePostgres } from "./database/PasswordPolicyStorePostgres.js"
import { layerPasswordResetStorePostgres } from "./database/PasswordResetStorePostgres.js"
import { layerPlaceStorePostgres } from "./database/PlaceStorePostgres.js"
import { layerPlacementStorePostgres } from "./database/PlacementStorePostgres.js"
import { layerRuntimeTablePostgres } from "./database/RuntimeTablePostgres.js"
import { layerProgramCodeStorePostgres } from "./database/ProgramCodeStorePostgres.js"
import { layerPublishTokenStorePostgres } from "./database/PublishTokenStorePostgres.js"
import { layerOutboxPostgres } from "./database/OutboxPostgres.js"
import { layerSecondFactorStorePostgres } from "./database/SecondFactorStorePostgres.js"
import { layerSettingStorePostgres } from "./database/SettingStorePostgres.js"
import { layerSessionStorePostgres } from "./database/SessionStorePostgres.js"
import { layerSigningKeyStorePostgres } from "./database/SigningKeyStorePostgres.js"
import { layerTenantStorePostgres } from "./database/TenantStorePostgres.js"
import { layerUserStorePostgres } from "./database/UserStorePostgres.js"
import { layerWorkerTokenStorePostgres } from "./database/WorkerTokenStorePostgres.js"
import { layerKeyRotator } from "./secret/KeyRotator.js"
import { layerSealedAddresses } from "./secret/SealAddresses.js"
import { layerMasterKey, type MasterKeyError } from "./secret/MasterKey.js"

export type Persistence =
  | Outbox
  | AccountStore
  | IdentityProviderStore
  | PasswordPolicyStore
  | PasswordResetStore
  | ProgramCodeStore
  | ApiKeyStore
  | AuditStore
  | PublishTokenStore
  | CameraStore
  | DiscoveryStore
  | EdgeBuffer
  | EdgeStore
  | DataExports
  | ErasureStore
  | EventStore
  | GrantStore
  | KeyRotator
  | Licences
  | IdempotencyStore
  | ModelStore
  | UserStore
  | PlaceStore
  | PlacementStore
  | RuntimeTable
  | SecondFactorStore
  | SessionStore
  | SettingStore
  | SigningKeyStore
  | TenantStore
  | WorkerTokenStore
  | Database

export type PersistenceError = DatabaseError | MasterKeyError | SqlError | ConfigError.ConfigError

/** The stores over a database that is there; brings its structure up to date first. */
export const layerStores = (connection: ConnectionOptions, dataFolder: string): Layer.Layer<Persistence, PersistenceError> =>
  Layer.mergeAll(
    layerAccountStorePostgres,
    layerApiKeyStorePostgres,
    layerIdentityProviderStorePostgres,
    layerPasswordPolicyStorePostgres,
    layerPasswordResetStorePostgres,
    layerProgramCodeStorePostgres,
    layerAuditStorePostgres,
    layerCameraStorePostgres,
    layerDiscoveryStorePostgres,
    layerEdgeBufferPostgres,
    layerEdgeStorePostgres,
    layerDataExportsPostgres,
    layerErasureStorePostgres,
    layerEventStorePostgres,
    layerGrantStorePostgres,
    layerKeyRotator,
    layerIdempotencyStorePostgres,
    layerModelStorePostgres,
    layerLicencesPostgres,
    layerOutboxPostgres,
    layerUserStorePostgres,
    layerPlaceStorePostgres,
    layerPlacementStorePostgres(),
    layerRuntimeTablePostgres,
    layerSecondFactorStorePostgres,
    layerSessionStorePostgres,
    layerSettingStorePostgres,
    layerSigningKeyStorePostgres,
    layerPublishTokenStorePostgres,
    layerTenantStorePostgres,
    layerWorkerTokenStorePostgres,
    layerSealedAddresses
  ).pipe(
    Layer.provide(layerMasterKey(dataFolder)),
    Layer.provideMerge(layerDatabase(connection)),
    Layer.provide(Layer.effectDiscard(migrate(connection)))
  )

/** Once the server answers. */
const layerAnswering = (connection: ConnectionOptions) =>
  Layer.effectDiscard(Effect.flatMap(startTimeout, (limit) => awaitDatabase(connection, limit)))

/** The stores over the database that all nodes of a cluster share, and the locks by which they share cameras, in the name of one node. */
export const layerNodePersistence = ({ dataFolder, ...node }: RunnerStorageOptions & { readonly dataFolder: string }) =>
  Layer.merge(
    layerStores({ ...node.connection, application_name: sessionName(node.cluster, node.node) }, dataFolder),
    Layer.unwrapEffect(Effect.map(startTimeout, (startLimit) => layerRunnerStoragePostgres({ ...node, startLimit })))
  ).pipe(Layer.provide(layerAnswering(node.connection)))

/** The stores over the database that the environment names, or the embedded one in `<dataFolder>/postgres`. */
export const layerPersistence = (dataFolder: string): Layer.Layer<Persistence, PersistenceError> =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const url = yield* Config.option(Config.redacted("VIGIL_DATABASE_URL"))
      if (Option.isNone(url))
        return layerStores(toEmbedded(yield* startEmbeddedPostgres(join(dataFolder, "postgres"))), dataFolder)
      const connection = toUrl(url.value)
      return Layer.provide(layerStores(connection, dataFolder), layerAnswering(connection))
    })
  )
