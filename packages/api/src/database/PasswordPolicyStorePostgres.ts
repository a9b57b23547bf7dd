import type { SqlClient } from "@effect/sql/SqlClient"
import { policySet } from "@vigil/core/AccountChanges"
import { requireExpected } from "@vigil/core/port/Expected"
import { PasswordPolicyStore } from "@vigil/core/port/PasswordPolicyStore"
import { defaultPasswordPolicy, PasswordPolicy } from "@vigil/core/PasswordPolicy"
import { DateTime, Effect, Layer, Schema } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"

const decode = Schema.decodeUnknown(PasswordPolicy)
const encode = Schema.encodeSync(PasswordPolicy)

const isSame = Schema.equivalence(PasswordPolicy)

/** Of the only tenant that the transaction sees. */
const read = (sql: SqlClient) =>
  Effect.flatMap(sql<{ readonly policy: unknown }>`select policy from password_policies`, ([row]) =>
    row === undefined ? Effect.succeed(defaultPasswordPolicy) : decode(row.policy)
  )

const make = Effect.map(Database, (database) =>
  PasswordPolicyStore.of({
    get: (tenant) => database.tenant("read password policy", tenant, read),

    set: (tenant, policy, expected) =>
      database.tenant("set password policy", tenant, (sql) =>
        Effect.gen(function* () {
          yield* sql`select from tenants where id = ${tenant} for no key update`
          const before = yield* read(sql)
          yield* requireExpected("the rules for passwords", before, expected)
          if (isSame(before, policy)) return before
          const row = {
            tenant_id: tenant,
            policy: JSON.stringify(encode(policy)),
            updated_at: DateTime.toDateUtc(yield* DateTime.now)
          }
          yield* sql`insert into password_policies ${sql.insert(row)}
            on conflict (tenant_id) do update set policy = excluded.policy, updated_at = excluded.updated_at`
          yield* writeAudit(sql, tenant, policySet(tenant, before, policy))
          return policy
        })
      )
  })
)

export const layerPasswordPolicyStorePostgres: Layer.Layer<PasswordPolicyStore, never, Database> = Layer.effect(
  PasswordPolicyStore,
  make
)
