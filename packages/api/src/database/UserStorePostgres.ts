import type { SqlClient } from "@effect/sql/SqlClient"
import { changedAtOnce, userCreated, userDeleted, userUpdated } from "@vigil/core/AuditChanges"
import { ChangeAuthor, inNameOf } from "@vigil/core/ChangeAuthor"
import { defaultTenant, type TenantId, UserId } from "@vigil/core/Ids"
import { type Expected, expectingNothing, requireExpected } from "@vigil/core/port/Expected"
import {
  LastAdministrator,
  type NewUser,
  SetupRefused,
  type UserChange,
  UsernameTaken,
  UserNotFound,
  UserStore
} from "@vigil/core/port/UserStore"
import { User } from "@vigil/core/User"
import { DateTime, Effect, Layer, Option, Redacted, Schema } from "effect"
import { lockOf, writeProfile } from "./AccountStorePostgres.js"
import { writeAudit } from "./AuditStorePostgres.js"
import { sqlState } from "./Connection.js"
import { Database } from "./Database.js"
import { writeGrants } from "./GrantStorePostgres.js"
import { noPassword, passwordOf } from "./PasswordHash.js"
import { isServed } from "./ServedTenants.js"
import { lastly } from "./Transaction.js"

interface UserRow {
  readonly id: UserId
  readonly tenant_id: TenantId
  readonly username: string
  readonly role: string
  readonly password_hash: string
  readonly wrong_passwords: number
  readonly locked_at: Date | null
  readonly locked_until: Date | null
  readonly created_at: Date
  readonly disabled_at: Date | null
}

const uniqueViolation = "23505"
const decodeUser = Schema.decodeUnknown(User)

export const toUser = (row: Pick<UserRow, "id" | "tenant_id" | "username" | "role" | "created_at" | "disabled_at">) =>
  decodeUser({
    id: row.id,
    tenantId: row.tenant_id,
    username: row.username,
    role: row.role,
    disabled: row.disabled_at !== null,
    createdAt: row.created_at.toISOString()
  })

export const insertUser = (sql: SqlClient, tenantId: TenantId, { passwordHash, profile, role, username }: NewUser) =>
  Effect.gen(function* () {
    const createdAt = yield* DateTime.now
    const user = User.make({ id: UserId.make(crypto.randomUUID()), tenantId, username, role, createdAt })
    const row = {
      id: user.id,
      tenant_id: tenantId,
      username,
      role,
      password_hash: passwordHash === undefined ? noPassword : Redacted.value(passwordHash),
      display_name: profile?.displayName ?? null,
      email: profile?.email ?? null,
      language: profile?.language ?? null,
      created_at: DateTime.toDateUtc(createdAt),
      updated_at: DateTime.toDateUtc(createdAt)
    }
    yield* sql`insert into users ${sql.insert(row)}`.pipe(
      Effect.catchIf(
        (error) => sqlState(error) === uniqueViolation,
        () => Effect.fail(new UsernameTaken({ username }))
      )
    )
    return user
  })

/** The tenant's administrators who can come in, held until the transaction ends: two of them cannot remove each other at once. */
const lockAdministrators = (sql: SqlClient, tenant: TenantId) =>
  Effect.map(
    sql<{ readonly id: UserId }>`select id from users u where tenant_id = ${tenant} and role = 'admin' and disabled_at is null
      and (password_hash <> ${noPassword} or exists (select from user_identities i where i.user_id = u.id)) order by id for no key update`,
    (rows) => rows.map(({ id }) => id)
  )

export const keepAnAdministrator = (sql: SqlClient, tenant: TenantId, userId: UserId) =>
  Effect.flatMap(lockAdministrators(sql, tenant), (ids) =>
    ids.length === 1 && ids[0] === userId ? Effect.fail(new LastAdministrator({ userId })) : Effect.void
  )

const one = (rows: ReadonlyArray<UserRow>, userId: UserId) =>
  Effect.mapError(Effect.fromNullable(rows[0]), () => new UserNotFound({ userId }))

/** Of one user. */
const mostFormerPasswords = 24

/** The password in use becomes a former one; links for a new one and the account's lock are over with it. */
const replacePassword = (sql: SqlClient, { id, password_hash, tenant_id }: UserRow) =>
  Effect.gen(function* () {
    const replacedAt = DateTime.toDateUtc(yield* DateTime.now)
    yield* sql`insert into former_passwords ${sql.insert({ tenant_id, user_id: id, password_hash, replaced_at: replacedAt })}`
    yield* sql`delete from former_passwords where user_id = ${id} and replaced_at < (
      select min(replaced_at) from (
        select replaced_at from former_passwords where user_id = ${id} order by replaced_at desc limit ${mostFormerPasswords}
      ) as newest)`
    yield* sql`delete from password_resets where user_id = ${id}`
    yield* sql`update users set wrong_passwords = 0, wrong_at = null, locked_at = null, locked_until = null where id = ${id}`
  })

const update = (
  sql: SqlClient,
  tenant: TenantId,
  id: UserId,
  { disabled, passwordHash, role }: UserChange,
  expected?: Expected<User>
) =>
  Effect.gen(function* () {
    if (disabled === true || (role !== undefined && role !== "admin")) yield* keepAnAdministrator(sql, tenant, id)
    const current = yield* one(yield* sql<UserRow>`select * from users where id = ${id} for no key update`, id)
    const before = yield* toUser(current)
    yield* requireExpected(`user ${before.username}`, before, expected)
    if (passwordHash !== undefined) yield* replacePassword(sql, current)
    const at = DateTime.toDateUtc(yield* DateTime.now)
    const disabledAt = disabled === undefined ? current.disabled_at : disabled ? (current.disabled_at ?? at) : null
    const rows = yield* sql<UserRow>`update users set
      role = ${role ?? current.role},
      disabled_at = ${disabledAt},
      password_hash = ${passwordHash === undefined ? current.password_hash : Redacted.value(passwordHash)},
      updated_at = ${at}
      where id = ${id} returning *`
    return { before, after: yield* Effect.flatMap(one(rows, id), toUser) }
  })

const anyUser = (sql: SqlClient) =>
  Effect.map(sql<{ readonly any: boolean }>`select exists (select from users) as any`, ([row]) => row?.any === true)

const make = Effect.map(Database, (database) =>
  UserStore.of({
    list: (tenant) =>
      database.tenant("list users", tenant, (sql) =>
        Effect.flatMap(sql<UserRow>`select * from users order by lower(username)`, Effect.forEach(toUser))
      ),

    get: (tenant, id) =>
      database.tenant("read user", tenant, (sql) =>
        sql<UserRow>`select * from users where id = ${id}`.pipe(
          Effect.flatMap((rows) => one(rows, id)),
          Effect.flatMap(toUser)
        )
      ),

    findByUsername: (username) =>
      database.system("find user", (sql) =>
        Effect.flatMap(
          lastly(
            sql<UserRow & { readonly served: boolean }>`select u.*, ${isServed(sql, "u")} as served from users u
              where lower(username) = lower(${username})`
          ),
          ([row]) =>
            row === undefined
              ? Effect.succeedNone
              : Effect.map(toUser(row), (user) =>
                  Option.some({
                    user,
                    isServed: row.served,
                    passwordHash: passwordOf(row.password_hash),
                    wrongPasswords: row.wrong_passwords,
                    lock: lockOf(row)
                  })
                )
        )
      ),

    create: (tenant, user) =>
      database.tenant("add user", tenant, (sql) =>
        Effect.tap(insertUser(sql, tenant, user), (created) =>
          writeAudit(sql, tenant, userCreated(created, "user.create", user.profile))
        )
      ),

    change: (tenant, id, change, expected) =>
      database.tenant("change user", tenant, (sql) =>
        Effect.gen(function* () {
          const { after, before } = yield* update(sql, tenant, id, change, expected)
          yield* writeAudit(sql, tenant, userUpdated(before, change))
          return after
        })
      ),

    configure: (tenant, id, { grants, profile, ...change }) =>
      database.tenant("configure user", tenant, (sql) =>
        Effect.gen(function* () {
          const { after, before } = yield* expectingNothing(update(sql, tenant, id, change))
          const told = [
            profile === undefined ? null : (yield* writeProfile(sql, id, profile)).change,
            grants === undefined ? null : (yield* writeGrants(sql, tenant, id, grants)).change
          ].filter((part) => part !== null)
          yield* writeAudit(sql, tenant, changedAtOnce(userUpdated(before, change), told))
          return after
        })
      ),

    remove: (tenant, id, expected) =>
      database.tenant("remove user", tenant, (sql) =>
        Effect.gen(function* () {
          yield* keepAnAdministrator(sql, tenant, id)
          const row = yield* one(yield* sql<UserRow>`delete from users where id = ${id} returning *`, id)
          const user = yield* toUser(row)
          yield* requireExpected(`user ${user.username}`, user, expected)
          yield* writeAudit(sql, tenant, userDeleted(user))
        })
      ),

    offerSetup: (tokenHash, expiresAt) =>
      database.system("offer set-up", (sql) =>
        Effect.gen(function* () {
          if (yield* anyUser(sql)) return false
          yield* sql`delete from setup_tokens`
          yield* sql`insert into setup_tokens ${sql.insert({ token_hash: tokenHash, expires_at: DateTime.toDateUtc(expiresAt) })}`
          return true
        })
      ),

    setupNeeded: database.system("look for users", (sql) => Effect.map(anyUser(sql), (any) => !any)),

    setUp: (tokenHash, user) =>
      database.system("set up", (sql) =>
        Effect.gen(function* () {
          // The token's row is what concurrent tries wait for: the second finds it gone.
          const [token] = yield* sql<{ readonly expires_at: Date }>`delete from setup_tokens
            where token_hash = ${tokenHash} returning expires_at`
          if (yield* anyUser(sql)) return yield* new SetupRefused({ reason: "done" })
          if (token === undefined) return yield* new SetupRefused({ reason: "unknown" })
          const now = yield* DateTime.now
          if (token.expires_at.getTime() <= now.epochMillis) return yield* new SetupRefused({ reason: "expired" })
          const admin = yield* insertUser(sql, defaultTenant, { ...user, role: "admin" })
          const { address } = yield* ChangeAuthor
          yield* inNameOf(admin, address)(writeAudit(sql, defaultTenant, userCreated(admin, "set-up")))
          return admin
        })
      )
  })
)

export const layerUserStorePostgres: Layer.Layer<UserStore, never, Database> = Layer.effect(UserStore, make)
