import type { SqlClient } from "@effect/sql/SqlClient"
import { secondFactorChanged, signInPolicySet } from "@vigil/core/AuditChanges"
import type { UserId } from "@vigil/core/Ids"
import { SecondFactorStore } from "@vigil/core/port/SecondFactorStore"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { requireExpected } from "@vigil/core/port/Expected"
import { SignInPolicy } from "@vigil/core/SecondFactor"
import type { User } from "@vigil/core/User"
import { DateTime, Effect, Layer, Option, Redacted, Schema } from "effect"
import { MasterKey } from "../secret/MasterKey.js"
import { seal, unseal } from "../secret/SecretBox.js"
import { secondFactorOwner } from "../secret/SealedColumns.js"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"
import { lastly } from "./Transaction.js"

interface FactorRow {
  readonly secret: Uint8Array
  readonly confirmed_at: Date | null
  readonly codes: string
}

const decodePolicy = Schema.decodeUnknown(SignInPolicy)

const policyOf = (sql: SqlClient) =>
  Effect.flatMap(sql<{ readonly second_factor: string }>`select second_factor from tenants for no key update`, ([row]) =>
    decodePolicy({ secondFactor: row?.second_factor ?? "optional" })
  )

/** Must not run before the user's own row is held: codes belong to that. */
const writeCodes = (sql: SqlClient, { id, tenantId }: User, codeHashes: ReadonlyArray<Uint8Array>) =>
  Effect.gen(function* () {
    yield* sql`delete from recovery_codes where user_id = ${id}`
    if (codeHashes.length > 0) {
      yield* sql`insert into recovery_codes ${sql.insert(
        codeHashes.map((code_hash) => ({ user_id: id, tenant_id: tenantId, code_hash }))
      )}`
    }
  })

const make = Effect.gen(function* () {
  const database = yield* Database
  const ring = yield* MasterKey

  const open = (user: UserId, row: FactorRow) =>
    unseal(ring, secondFactorOwner(user), row.secret).pipe(
      Effect.map((secret) => ({
        secret,
        since: row.confirmed_at === null ? null : DateTime.unsafeMake(row.confirmed_at),
        recoveryCodes: Number(row.codes)
      })),
      Effect.mapError(
        ({ detail }) => new StoreUnavailable({ operation: "read second factor", detail: `the secret of user ${user}: ${detail}` })
      )
    )

  return SecondFactorStore.of({
    find: (user) =>
      database.system("read second factor", (sql) =>
        Effect.gen(function* () {
          const [row] = yield* lastly(
            sql<FactorRow>`select secret, confirmed_at,
              (select count(*) from recovery_codes where user_id = id) as codes from second_factors where id = ${user}`
          )
          return row === undefined ? Option.none() : Option.some(yield* open(user, row))
        })
      ),

    offer: ({ id, tenantId }, secret) =>
      database.tenant("offer second factor", tenantId, (sql) =>
        Effect.map(
          sql`insert into second_factors (id, tenant_id, secret) values (${id}, ${tenantId}, ${seal(ring, secondFactorOwner(id), Redacted.value(secret))})
            on conflict (id) do update set secret = excluded.secret, last_step = 0
              where second_factors.confirmed_at is null returning id`,
          (rows) => rows.length > 0
        )
      ),

    confirm: (user, step, codeHashes) =>
      database.tenant("confirm second factor", user.tenantId, (sql) =>
        Effect.gen(function* () {
          const rows =
            yield* sql`update second_factors set confirmed_at = ${DateTime.toDateUtc(yield* DateTime.now)}, last_step = ${step}
            where id = ${user.id} and confirmed_at is null returning id`
          if (rows.length === 0) return false
          yield* writeCodes(sql, user, codeHashes)
          yield* writeAudit(sql, user.tenantId, secondFactorChanged("enable", user))
          return true
        })
      ),

    use: (user, code) =>
      database.tenant("use code", user.tenantId, (sql) =>
        Effect.gen(function* () {
          if ("step" in code) {
            const rows = yield* sql`update second_factors set last_step = ${code.step}
              where id = ${user.id} and confirmed_at is not null and last_step < ${code.step} returning id`
            return rows.length > 0
          }
          const rows =
            yield* sql`delete from recovery_codes where user_id = ${user.id} and code_hash = ${code.codeHash} returning user_id`
          if (rows.length === 0) return false
          yield* writeAudit(sql, user.tenantId, secondFactorChanged("recover", user))
          return true
        })
      ),

    replaceCodes: (user, codeHashes) =>
      database.tenant("replace recovery codes", user.tenantId, (sql) =>
        Effect.gen(function* () {
          const rows = yield* sql`select from second_factors where id = ${user.id} and confirmed_at is not null for no key update`
          if (rows.length === 0) return false
          yield* writeCodes(sql, user, codeHashes)
          yield* writeAudit(sql, user.tenantId, secondFactorChanged("codes", user))
          return true
        })
      ),

    remove: (user) =>
      database.tenant("remove second factor", user.tenantId, (sql) =>
        Effect.gen(function* () {
          const [row] = yield* sql<{ readonly counted: boolean }>`delete from second_factors where id = ${user.id}
            returning confirmed_at is not null as counted`
          if (row?.counted !== true) return false
          yield* writeAudit(sql, user.tenantId, secondFactorChanged("disable", user))
          return true
        })
      ),

    noteRefusal: (user) =>
      database.tenant("note a wrong code", user.tenantId, (sql) =>
        Effect.asVoid(writeAudit(sql, user.tenantId, secondFactorChanged("refused", user)))
      ),

    policy: (tenant) => database.tenant("read sign-in policy", tenant, policyOf),

    setPolicy: (tenant, policy, expected) =>
      database.tenant("set sign-in policy", tenant, (sql) =>
        Effect.gen(function* () {
          yield* sql`select from tenants where id = ${tenant} for no key update`
          const before = yield* policyOf(sql)
          yield* requireExpected("the rules for signing in", before, expected)
          if (before.secondFactor === policy.secondFactor) return before
          yield* sql`update tenants set second_factor = ${policy.secondFactor}`
          yield* writeAudit(sql, tenant, signInPolicySet(tenant, before, policy))
          return policy
        })
      )
  })
})

export const layerSecondFactorStorePostgres: Layer.Layer<SecondFactorStore, never, Database | MasterKey> = Layer.effect(
  SecondFactorStore,
  make
)
