import type { SqlClient } from "@effect/sql/SqlClient"
import { ApiKey, ApiKeyId } from "@vigil/core/ApiKey"
import { apiKeyCreated, apiKeyRevoked } from "@vigil/core/AuditChanges"
import type { UserId } from "@vigil/core/Ids"
import { ApiKeyNotFound, ApiKeyStore } from "@vigil/core/port/ApiKeyStore"
import { UserNotFound } from "@vigil/core/port/UserStore"
import { User } from "@vigil/core/User"
import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"
import { isServed } from "./ServedTenants.js"

interface KeyRow {
  readonly id: string
  readonly user_id: UserId
  readonly username: string
  readonly name: string
  readonly scopes: ReadonlyArray<string>
  readonly hint: string
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly last_used_at: Date | null
}

interface ActiveRow extends KeyRow {
  readonly tenant_id: string
  readonly role: string
  readonly user_created_at: Date
}

const decodeKey = Schema.decodeUnknown(ApiKey)
const decodeUser = Schema.decodeUnknown(User)

const toKey = (row: KeyRow) =>
  decodeKey({
    id: row.id,
    name: row.name,
    owner: { id: row.user_id, username: row.username },
    scopes: row.scopes,
    hint: row.hint,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null
  })

const toOwner = (row: ActiveRow) =>
  decodeUser({
    id: row.user_id,
    tenantId: row.tenant_id,
    username: row.username,
    role: row.role,
    // Of those who are disabled there is none.
    disabled: false,
    createdAt: row.user_created_at.toISOString()
  })

const now = Effect.map(DateTime.now, DateTime.toDateUtc)

const ownedBy = (sql: SqlClient, owner: Option.Option<UserId>) =>
  Option.match(owner, { onNone: () => sql`true`, onSome: (id) => sql`k.user_id = ${id}` })

const make = Effect.map(Database, (database) =>
  ApiKeyStore.of({
    list: (tenant, owner) =>
      database.tenant("list API keys", tenant, (sql) =>
        Effect.flatMap(
          sql<KeyRow>`select k.*, u.username from api_keys k join users u on u.id = k.user_id
            where ${ownedBy(sql, owner)} order by lower(u.username), k.name, k.id`,
          Effect.forEach(toKey)
        )
      ),

    create: (tenant, owner, { expiresAt, hint, keyHash, name, scopes }) =>
      database.tenant("make API key", tenant, (sql) =>
        Effect.gen(function* () {
          const [user] = yield* sql<{ readonly username: string }>`select username from users where id = ${owner} for key share`
          if (user === undefined) return yield* new UserNotFound({ userId: owner })
          const key: ApiKey = {
            id: ApiKeyId.make(crypto.randomUUID()),
            name,
            owner: { id: owner, username: user.username },
            scopes,
            hint,
            createdAt: yield* DateTime.now,
            expiresAt: expiresAt ?? null,
            lastUsedAt: null
          }
          yield* sql`insert into api_keys (id, key_hash, tenant_id, user_id, name, scopes, hint, created_at, expires_at)
            values (${key.id}, ${keyHash}, ${tenant}, ${owner}, ${name}, ${[...scopes]}::text[], ${hint},
              ${DateTime.toDateUtc(key.createdAt)}, ${expiresAt === undefined ? null : DateTime.toDateUtc(expiresAt)})`
          yield* writeAudit(sql, tenant, apiKeyCreated(key))
          return key
        })
      ),

    remove: (tenant, id, owner) =>
      database.tenant("revoke API key", tenant, (sql) =>
        Effect.gen(function* () {
          const [row] = yield* sql<KeyRow>`delete from api_keys k using users u
            where k.id = ${id} and u.id = k.user_id and ${ownedBy(sql, owner)} returning k.*, u.username`
          if (row === undefined) return yield* new ApiKeyNotFound({ id })
          yield* writeAudit(sql, tenant, apiKeyRevoked(yield* toKey(row)))
        })
      ),

    find: (keyHash) =>
      database.system("find API key", (sql) =>
        Effect.gen(function* () {
          const [row] = yield* sql<ActiveRow>`select k.*, u.username, u.role, u.created_at as user_created_at
            from api_keys k join users u on u.id = k.user_id
            where k.key_hash = ${keyHash} and ${isServed(sql, "k")} and u.disabled_at is null
              and (k.expires_at is null or k.expires_at > ${yield* now})`
          return row === undefined ? Option.none() : Option.some({ key: yield* toKey(row), owner: yield* toOwner(row) })
        })
      ),

    noteUse: (id) =>
      Effect.asVoid(
        database.system("note use of API key", (sql) =>
          Effect.flatMap(now, (at) => sql`update api_keys set last_used_at = ${at} where id = ${id}`)
        )
      )
  })
)

export const layerApiKeyStorePostgres: Layer.Layer<ApiKeyStore, never, Database> = Layer.effect(ApiKeyStore, make)
