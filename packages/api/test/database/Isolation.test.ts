import { describe, expect, layer } from "@effect/vitest"
import { Database } from "@vigil/api/database/Database"
import { ManagerId } from "@vigil/core/CameraManager"
import { defaultTenant, ModelId } from "@vigil/core/Ids"
import { NewIdentityProvider } from "@vigil/core/IdentityProvider"
import { NodeName } from "@vigil/core/Node"
import { defaultPasswordPolicy, PasswordPolicy } from "@vigil/core/PasswordPolicy"
import { ApiKeyStore } from "@vigil/core/port/ApiKeyStore"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { DiscoveryStore } from "@vigil/core/port/DiscoveryStore"
import { EdgeStore } from "@vigil/core/port/EdgeStore"
import { ErasureStore } from "@vigil/core/port/ErasureStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { GrantStore } from "@vigil/core/port/GrantStore"
import { IdempotencyStore } from "@vigil/core/port/IdempotencyStore"
import { IdentityProviderStore } from "@vigil/core/port/IdentityProviderStore"
import { PasswordPolicyStore } from "@vigil/core/port/PasswordPolicyStore"
import { PasswordResetStore } from "@vigil/core/port/PasswordResetStore"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { Licence, unlimitedLicence } from "@vigil/core/Licence"
import { Licences } from "@vigil/core/port/Licences"
import { PlaceStore } from "@vigil/core/port/PlaceStore"
import { ProgramCodeStore } from "@vigil/core/port/ProgramCodeStore"
import { PublishTokenStore } from "@vigil/core/port/PublishTokenStore"
import { RuntimeTable } from "@vigil/core/port/RuntimeTable"
import { SecondFactorStore } from "@vigil/core/port/SecondFactorStore"
import { SettingStore } from "@vigil/core/port/SettingStore"
import { SessionStore } from "@vigil/core/port/SessionStore"
import { UserStore } from "@vigil/core/port/UserStore"
import { WorkerTokenStore } from "@vigil/core/port/WorkerTokenStore"
import type { User } from "@vigil/core/User"
import { DateTime, Effect, Redacted, Schema } from "effect"
import { layerEmbeddedStores } from "../EmbeddedDatabase.js"
import { entry, newCamera, newDiscovery, otherTenant, secondTenant } from "../Samples.js"

/** Not a tenant's: which nodes run cameras, and where, what was done to the structure, what an edge keeps for itself, what access tokens are signed with, and the token that makes the first tenant's first user. */
const shared = [
  "camera_managers",
  "edge_cursors",
  "edge_home",
  "placement_overrides",
  "placement_refusals",
  "schema_migrations",
  "setup_tokens",
  "signing_keys"
]

interface TenantTable {
  readonly name: string
  readonly tenant_column: string
  /** Those that are not computed. */
  readonly columns: string
}

const tables = Effect.flatMap(Database, (database) =>
  database.system(
    "list tables",
    (sql) =>
      sql<TenantTable & { readonly forced: boolean }>`
      select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
        (select string_agg(quote_ident(attname), ', ') from pg_attribute
          where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns,
        case when c.relname = 'tenants' then 'id' else 'tenant_id' end as tenant_column
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind in ('r', 'p') order by 1`
  )
)

/** Whoever signs in elsewhere, or has forgotten the password. */
const fillIdentity = (user: User) =>
  Effect.gen(function* () {
    const { id, tenantId } = user
    yield* (yield* PasswordPolicyStore).set(tenantId, PasswordPolicy.make({ ...defaultPasswordPolicy, lockAfter: 5 }))
    yield* (yield* UserStore).change(tenantId, id, { passwordHash: Redacted.make("y") })
    const expiresAt = DateTime.unsafeMake("2100-01-01")
    yield* (yield* PasswordResetStore).offer(user, new TextEncoder().encode(`reset of ${tenantId}`), expiresAt)
    const providers = yield* IdentityProviderStore
    const settings = { slug: `own-${tenantId.slice(-1)}`, name: "Own", issuer: "https://id.example", clientId: "vigil" }
    const provider = yield* providers.create(
      tenantId,
      yield* Schema.decode(NewIdentityProvider)({ ...settings, linkUsers: true })
    )
    yield* providers.admit(provider, { ...user, subject: "1", displayName: null, email: null })
    const attempt = {
      providerId: provider.id,
      tenantId,
      browserHash: Uint8Array.of(1),
      nonce: "",
      codeVerifier: "",
      destination: "/"
    }
    yield* providers.begin(new TextEncoder().encode(`state of ${tenantId}`), { ...attempt, expiresAt })
  })

/** A row of every table in both tenants. */
const fill = Effect.gen(function* () {
  yield* secondTenant
  for (const tenant of [defaultTenant, otherTenant]) {
    const camera = yield* (yield* CameraStore).create(tenant, newCamera())
    yield* (yield* CameraStore).takeEpoch(camera.id)
    yield* (yield* EventStore).append(camera.id, [entry(camera.id, 1, { customerId: tenant })])
    yield* (yield* RuntimeTable).heartbeat(tenant, camera.id, { status: "running", healthInfo: {} })
    yield* (yield* WorkerTokenStore).create(tenant, { name: "worker" }, new TextEncoder().encode(`worker of ${tenant}`))
    yield* (yield* PublishTokenStore).set(tenant, camera.id, new TextEncoder().encode(`publisher of ${tenant}`))
    yield* (yield* EdgeStore).create(tenant, { name: NodeName.make("north") }, new TextEncoder().encode(`edge of ${tenant}`))
    yield* (yield* PlaceStore).create(tenant, { kind: "site", name: "North", parentId: null })
    yield* (yield* DiscoveryStore).add(yield* newDiscovery({ tenantId: tenant }))
    yield* (yield* Licences).change(tenant, Licence.make({ ...unlimitedLicence, cameras: 100 }))
    const model = ModelId.make("forklifts")
    yield* (yield* ModelStore).create(tenant, model, { version: "1", bytes: 1, sha256: "0".repeat(64), hints: {} })
    yield* (yield* ModelStore).putPart(tenant, model, "1", 0, Uint8Array.of(1))
    const reason = "nobody asked for it to be kept"
    yield* (yield* ErasureStore).begin(tenant, { selection: { to: DateTime.unsafeMake("2000-01-01") }, reason })
    yield* (yield* SettingStore).change(tenant, { level: "tenant" }, { "segment.duration": 3 })
    yield* (yield* IdempotencyStore).begin({ tenant, caller: "zoë", key: "1" }, "a")
    const user = yield* (yield* UserStore).create(tenant, {
      username: `user-${tenant.slice(-1)}`,
      role: "admin",
      passwordHash: Redacted.make("x")
    })
    yield* fillIdentity(user)
    yield* (yield* GrantStore).set(tenant, user.id, { places: [], groups: ["yard"] })
    yield* (yield* ApiKeyStore).create(tenant, user.id, {
      name: "program",
      scopes: ["read"],
      hint: "vgl_abcd",
      keyHash: new TextEncoder().encode(`key of ${tenant}`)
    })
    yield* (yield* SecondFactorStore).offer(user, Redacted.make("secret"))
    yield* (yield* SecondFactorStore).confirm(user, 1, [new TextEncoder().encode("code")])
    const browserSession = yield* (yield* SessionStore).create({
      user,
      kind: "browser",
      tokenHash: new TextEncoder().encode(`browser of ${tenant}`),
      expiresAt: DateTime.unsafeMake("2100-01-01"),
      address: null,
      userAgent: null
    })
    yield* (yield* ProgramCodeStore).offer(user, {
      session: browserSession.id,
      codeHash: new TextEncoder().encode(`code of ${tenant}`),
      challenge: "",
      expiresAt: DateTime.unsafeMake("2100-01-01")
    })
    const refreshToken = new TextEncoder().encode(`refresh token of ${tenant}`)
    yield* (yield* SessionStore).create({
      user,
      kind: "token",
      tokenHash: refreshToken,
      expiresAt: DateTime.unsafeMake("2100-01-01"),
      address: null,
      userAgent: null
    })
    yield* (yield* SessionStore).refresh(
      refreshToken,
      new TextEncoder().encode(`next refresh token of ${tenant}`),
      ({ expiresAt }) => expiresAt
    )
    yield* (yield* SessionStore).create({
      user,
      kind: "browser",
      tokenHash: new TextEncoder().encode(tenant),
      expiresAt: DateTime.unsafeMake("2100-01-01"),
      address: null,
      userAgent: null
    })
  }
  yield* (yield* RuntimeTable).report(
    { id: ManagerId.make(crypto.randomUUID()), cluster: "vigil", node: NodeName.make("node-a") },
    []
  )
})

describe("tenants", () => {
  layer(layerEmbeddedStores, { excludeTestServices: true })((it) => {
    it.effect("cannot see, change, delete or add rows of each other, in any table", () =>
      Effect.gen(function* () {
        yield* fill
        const database = yield* Database
        const all = yield* tables
        const ofTenants = all.filter(({ name }) => !shared.includes(name))
        expect(ofTenants.map(({ name }) => name)).toEqual([
          "api_keys",
          "audit_entries",
          "camera_epochs",
          "camera_runtime",
          "cameras",
          "discoveries",
          "edges",
          "erasure_edges",
          "erasures",
          "events",
          "former_passwords",
          "idempotency_keys",
          "identity_providers",
          "licences",
          "model_parts",
          "model_versions",
          "outbox",
          "password_policies",
          "password_resets",
          "places",
          "program_codes",
          "publish_tokens",
          "recovery_codes",
          "second_factors",
          "sessions",
          "settings",
          "sign_in_attempts",
          "spent_refresh_tokens",
          "tenants",
          "user_grants",
          "user_identities",
          "users",
          "worker_tokens"
        ])
        for (const { columns, forced, name, tenant_column } of ofTenants) {
          expect(forced, `row security of ${name}`).toBe(true)
          const within = (statement: string) =>
            database.tenant(name, defaultTenant, (sql) => sql.unsafe<{ readonly tenant: string }>(statement))
          const seen = yield* within(`select ${tenant_column} as tenant from ${name}`)
          expect(seen.length, name).toBeGreaterThan(0)
          expect(new Set(seen.map(({ tenant }) => tenant)), name).toEqual(new Set([defaultTenant]))
          const smuggled = yield* Effect.flip(
            within(
              `insert into ${name} (${columns}) overriding system value select ${columns} from jsonb_populate_record(null::${name}, '{"${tenant_column}": "${otherTenant}"}')`
            )
          )
          expect(smuggled.detail, name).toMatch(/row-level security|null value|permission denied for table (licences|tenants)/)
          // That the audit trail can neither be changed nor deleted is its own test; tenants may only put into the outbox, reports of erasures stay, and tenants and licences are the operator's.
          if (["audit_entries", "outbox", "erasures", "erasure_edges", "licences", "tenants"].includes(name)) continue
          const theirs = `${tenant_column} = '${otherTenant}'`
          expect(
            yield* within(
              `update ${name} set ${tenant_column} = ${tenant_column} where ${theirs} returning ${tenant_column} as tenant`
            )
          ).toEqual([])
          expect(yield* within(`delete from ${name} where ${theirs} returning ${tenant_column} as tenant`)).toEqual([])
          const stolen = yield* Effect.flip(within(`update ${name} set ${tenant_column} = '${otherTenant}'`))
          expect(stolen.detail, name).toMatch(/row-level security|violates/)
        }
      })
    )

    it.effect("see nothing at all where no tenant is named", () =>
      Effect.gen(function* () {
        const database = yield* Database
        for (const { name } of (yield* tables).filter((table) => !shared.includes(table.name))) {
          const rows = yield* database.system(name, (sql) =>
            Effect.zipRight(sql`select set_config('role', 'vigil_tenant', true)`, sql.unsafe(`select 1 from ${name}`))
          )
          expect(rows, name).toEqual([])
        }
      })
    )

    it.effect("have no right to the tables that are nobody's", () =>
      Effect.gen(function* () {
        const database = yield* Database
        for (const name of shared) {
          const error = yield* Effect.flip(database.tenant(name, defaultTenant, (sql) => sql.unsafe(`select * from ${name}`)))
          expect(error.detail).toContain("permission denied")
        }
      })
    )

    it.effect("leave nothing of their role on a pooled connection", () =>
      Effect.gen(function* () {
        const database = yield* Database
        const who = (sql: import("@effect/sql/SqlClient").SqlClient) =>
          sql<{
            readonly role: string
            readonly tenant: string
          }>`select current_user as role, current_setting('vigil.tenant', true) as tenant`
        yield* Effect.exit(database.tenant("fail", defaultTenant, (sql) => sql.unsafe("select nonsense")))
        const roles = yield* Effect.replicateEffect(database.system("who", who), 20, { concurrency: 10 })
        for (const [row] of roles) expect(row).toEqual({ role: "vigil_system", tenant: "" })
      })
    )
  })
})
