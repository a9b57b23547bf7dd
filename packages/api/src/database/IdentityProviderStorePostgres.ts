import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { providerCreated, providerDeleted, providerUpdated } from "@vigil/core/AccountChanges"
import { IdentityProvider, IdentityProviderId, ProviderButton } from "@vigil/core/IdentityProvider"
import type { TenantId } from "@vigil/core/Ids"
import { changedFields } from "@vigil/core/ObjectHistory"
import { IdentityProviderNotFound, IdentityProviderStore, ProviderSlugTaken } from "@vigil/core/port/IdentityProviderStore"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { DateTime, Effect, Layer, Option, type Redacted, Redacted as Secret, Schema } from "effect"
import { MasterKey } from "../secret/MasterKey.js"
import { clientSecretOwner } from "../secret/SealedColumns.js"
import { seal, unseal } from "../secret/SecretBox.js"
import { admit } from "./Admission.js"
import { writeAudit } from "./AuditStorePostgres.js"
import { isDuplicate } from "./Connection.js"
import { Database } from "./Database.js"
import { isServed } from "./ServedTenants.js"

interface ProviderRow {
  readonly id: IdentityProviderId
  readonly tenant_id: TenantId
  readonly settings: object
  readonly client_secret: Uint8Array | null
  readonly created_at: Date
  readonly updated_at: Date
}

interface AttemptRow {
  readonly provider_id: IdentityProviderId
  readonly tenant_id: TenantId
  readonly browser_hash: Uint8Array
  readonly nonce: string
  readonly code_verifier: string
  readonly destination: string
  readonly expires_at: Date
}

/** The part that is kept as JSON; the slug stands beside it, because it is unique. */
const Settings = Schema.Struct(IdentityProvider.fields).pipe(
  Schema.omit("id", "tenantId", "hasClientSecret", "createdAt", "updatedAt")
)
const encodeSettings = Schema.encodeSync(Settings)
const decodeProvider = Schema.decodeUnknown(IdentityProvider)
const decodeButton = Schema.decodeUnknown(ProviderButton)

const toProvider = (row: ProviderRow) =>
  decodeProvider({
    ...row.settings,
    id: row.id,
    tenantId: row.tenant_id,
    hasClientSecret: row.client_secret !== null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString()
  })

const columns = ({ createdAt, hasClientSecret, id, tenantId, updatedAt, ...settings }: IdentityProvider) => ({
  slug: settings.slug,
  settings: JSON.stringify(encodeSettings(settings)),
  updated_at: DateTime.toDateUtc(updatedAt)
})

const orTaken =
  (slug: string) =>
  <A, R>(statement: Effect.Effect<A, SqlError, R>): Effect.Effect<A, SqlError | ProviderSlugTaken, R> =>
    Effect.catchIf(statement, isDuplicate, () => new ProviderSlugTaken({ slug }))

const one = (rows: ReadonlyArray<ProviderRow>, providerId: IdentityProviderId) =>
  Effect.mapError(Effect.fromNullable(rows[0]), () => new IdentityProviderNotFound({ providerId }))

const make = Effect.gen(function* () {
  const database = yield* Database
  const key = yield* MasterKey

  const sealed = (id: IdentityProviderId, secret: Redacted.Redacted | null | undefined) =>
    secret === null || secret === undefined ? null : seal(key, clientSecretOwner(id), Secret.value(secret))

  const accessOf = (row: ProviderRow) =>
    Effect.all({
      provider: toProvider(row),
      clientSecret:
        row.client_secret === null
          ? Effect.succeedNone
          : Effect.asSome(
              Effect.mapError(
                unseal(key, clientSecretOwner(row.id), row.client_secret),
                ({ detail }) => new StoreUnavailable({ operation: "read a client secret", detail: `${row.id}: ${detail}` })
              )
            )
    })

  const insert = (sql: SqlClient, provider: IdentityProvider, secret: Redacted.Redacted | undefined) =>
    sql`insert into identity_providers ${sql.insert({
      ...columns(provider),
      id: provider.id,
      tenant_id: provider.tenantId,
      client_secret: sealed(provider.id, secret),
      created_at: DateTime.toDateUtc(provider.createdAt)
    })}`.pipe(orTaken(provider.slug))

  return IdentityProviderStore.of({
    list: (tenant) =>
      database.tenant("list identity providers", tenant, (sql) =>
        Effect.flatMap(
          sql<ProviderRow>`select * from identity_providers order by lower(settings ->> 'name'), id`,
          Effect.forEach(toProvider)
        )
      ),

    get: (tenant, id) =>
      database.tenant("read identity provider", tenant, (sql) =>
        sql<ProviderRow>`select * from identity_providers where id = ${id}`.pipe(
          Effect.flatMap((rows) => one(rows, id)),
          Effect.flatMap(toProvider)
        )
      ),

    create: (tenant, { clientSecret, ...settings }) =>
      database.tenant("add identity provider", tenant, (sql) =>
        Effect.gen(function* () {
          const now = yield* DateTime.now
          const provider = IdentityProvider.make({
            ...settings,
            id: IdentityProviderId.make(crypto.randomUUID()),
            tenantId: tenant,
            hasClientSecret: clientSecret !== undefined,
            createdAt: now,
            updatedAt: now
          })
          yield* insert(sql, provider, clientSecret)
          yield* writeAudit(sql, tenant, providerCreated(provider))
          return provider
        })
      ),

    change: (tenant, id, { clientSecret, ...patch }) =>
      database.tenant("change identity provider", tenant, (sql) =>
        Effect.gen(function* () {
          const row = yield* one(yield* sql<ProviderRow>`select * from identity_providers where id = ${id} for no key update`, id)
          const before = yield* toProvider(row)
          const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined))
          const after = IdentityProvider.make({
            ...before,
            ...given,
            hasClientSecret: clientSecret === undefined ? before.hasClientSecret : clientSecret !== null,
            updatedAt: yield* DateTime.now
          })
          const isSecretChanged = clientSecret !== undefined && (clientSecret !== null || before.hasClientSecret)
          const change = providerUpdated(before, after, isSecretChanged)
          if (changedFields(change.before ?? {}, change.after ?? {}).length === 0) return before
          const box = clientSecret === undefined ? row.client_secret : sealed(id, clientSecret)
          yield* sql`update identity_providers set ${sql.update({ ...columns(after), client_secret: box })} where id = ${id}`.pipe(
            orTaken(after.slug)
          )
          if (!after.enabled) yield* sql`delete from sessions where provider_id = ${id}`
          yield* writeAudit(sql, tenant, change)
          return after
        })
      ),

    remove: (tenant, id) =>
      database.tenant("remove identity provider", tenant, (sql) =>
        Effect.gen(function* () {
          const row = yield* one(yield* sql<ProviderRow>`delete from identity_providers where id = ${id} returning *`, id)
          yield* writeAudit(sql, tenant, providerDeleted(yield* toProvider(row)))
        })
      ),

    buttons: (slug) =>
      database.system("list ways to sign in", (sql) =>
        Effect.flatMap(
          sql`select slug, settings ->> 'name' as name from identity_providers
            where (settings ->> 'enabled')::boolean and ${isServed(sql)}
              and ((settings ->> 'listed')::boolean or slug = ${Option.getOrNull(slug)}) order by 2, 1 limit 50`,
          Effect.forEach((row) => decodeButton(row))
        )
      ),

    access: (slug) =>
      database.system("find identity provider", (sql) =>
        Effect.flatMap(
          sql<ProviderRow>`select * from identity_providers where slug = ${slug} and (settings ->> 'enabled')::boolean
            and ${isServed(sql)}`,
          ([row]) => (row === undefined ? Effect.succeedNone : Effect.asSome(accessOf(row)))
        )
      ),

    accessById: (tenant, id) =>
      database.tenant("read identity provider", tenant, (sql) =>
        sql<ProviderRow>`select * from identity_providers where id = ${id} and ${isServed(sql)}`.pipe(
          Effect.flatMap((rows) => one(rows, id)),
          Effect.flatMap(accessOf)
        )
      ),

    begin: (stateHash, attempt) =>
      database.tenant("begin to sign in", attempt.tenantId, (sql) =>
        Effect.gen(function* () {
          // Those that never came back go with the next ones.
          yield* sql`delete from sign_in_attempts where expires_at <= ${DateTime.toDateUtc(yield* DateTime.now)}`
          yield* sql`insert into sign_in_attempts ${sql.insert({
            state_hash: stateHash,
            tenant_id: attempt.tenantId,
            provider_id: attempt.providerId,
            browser_hash: attempt.browserHash,
            nonce: attempt.nonce,
            code_verifier: attempt.codeVerifier,
            destination: attempt.destination,
            expires_at: DateTime.toDateUtc(attempt.expiresAt)
          })}`
        })
      ),

    take: (stateHash) =>
      database.system("go on to sign in", (sql) =>
        Effect.gen(function* () {
          const now = yield* DateTime.now
          const [row] = yield* sql<AttemptRow>`delete from sign_in_attempts where state_hash = ${stateHash} returning *`
          if (row === undefined || row.expires_at.getTime() <= now.epochMillis) return Option.none()
          return Option.some({
            providerId: row.provider_id,
            tenantId: row.tenant_id,
            browserHash: row.browser_hash,
            nonce: row.nonce,
            codeVerifier: row.code_verifier,
            destination: row.destination,
            expiresAt: DateTime.unsafeFromDate(row.expires_at)
          })
        })
      ),

    admit: (provider, admission) =>
      database.tenant("admit through identity provider", provider.tenantId, (sql) => admit(sql, provider, admission))
  })
})

export const layerIdentityProviderStorePostgres: Layer.Layer<IdentityProviderStore, never, Database | MasterKey> = Layer.effect(
  IdentityProviderStore,
  make
)
