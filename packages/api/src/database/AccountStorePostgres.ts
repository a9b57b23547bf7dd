import type { SqlClient } from "@effect/sql/SqlClient"
import { Account, type AccountLock, isLocked, type ProfileChange } from "@vigil/core/Account"
import { accountLocked, accountReleased, isSameProfile, profileChanged } from "@vigil/core/AccountChanges"
import type { UserId } from "@vigil/core/Ids"
import { afterWrongPassword } from "@vigil/core/PasswordPolicy"
import { AccountStore } from "@vigil/core/port/AccountStore"
import { UserNotFound } from "@vigil/core/port/UserStore"
import { User } from "@vigil/core/User"
import { DateTime, Effect, Layer, Redacted, Schema } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"
import { passwordOf } from "./PasswordHash.js"
import { isServed } from "./ServedTenants.js"

interface AccountRow {
  readonly id: UserId
  readonly username: string
  readonly role: string
  readonly display_name: string | null
  readonly email: string | null
  readonly language: string | null
  readonly password_hash: string
  readonly providers: ReadonlyArray<string>
  readonly wrong_passwords: number
  readonly locked_at: Date | null
  readonly locked_until: Date | null
  readonly created_at: Date
}

interface RecipientRow extends AccountRow {
  readonly tenant_id: string
  readonly email: string
}

const decodeAccount = Schema.decodeUnknown(Account)
const decodeUser = Schema.decodeUnknown(User)

/** The lock in a user's row, also one that has ended. */
export const lockOf = (row: Pick<AccountRow, "locked_at" | "locked_until">): AccountLock | null =>
  row.locked_at === null
    ? null
    : {
        since: DateTime.unsafeFromDate(row.locked_at),
        until: row.locked_until === null ? null : DateTime.unsafeFromDate(row.locked_until)
      }

const toAccount = (row: AccountRow) =>
  Effect.flatMap(DateTime.now, (now) =>
    decodeAccount({
      id: row.id,
      username: row.username,
      role: row.role,
      displayName: row.display_name,
      email: row.email,
      language: row.language,
      hasPassword: passwordOf(row.password_hash)._tag === "Some",
      providers: row.providers,
      wrongPasswords: row.wrong_passwords,
      lock: isLocked(lockOf(row), now)
        ? { since: row.locked_at?.toISOString(), until: row.locked_until?.toISOString() ?? null }
        : null,
      createdAt: row.created_at.toISOString()
    })
  )

const select = (sql: SqlClient) => sql`select u.*, array(
    select p.settings ->> 'name' from user_identities i join identity_providers p on p.id = i.provider_id
    where i.user_id = u.id order by 1
  ) as providers from users u`

const one = (sql: SqlClient, userId: UserId) =>
  Effect.gen(function* () {
    const [row] = yield* sql<AccountRow>`${select(sql)} where u.id = ${userId}`
    return row === undefined ? yield* new UserNotFound({ userId }) : yield* toAccount(row)
  })

/** Mails that one question can cause. */
const mostRecipients = 5

/** In the transaction of who holds the user's row; with what the audit trail tells of it, null where nothing changes. */
export const writeProfile = (sql: SqlClient, id: UserId, change: ProfileChange) =>
  Effect.gen(function* () {
    const before = yield* one(sql, id)
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
    const wanted = { ...before, ...given }
    if (isSameProfile(before, wanted)) return { account: before, change: null }
    const { displayName, email, language } = wanted
    yield* sql`update users set display_name = ${displayName}, email = ${email}, language = ${language},
      updated_at = ${DateTime.toDateUtc(yield* DateTime.now)} where id = ${id}`
    const after = yield* one(sql, id)
    return { account: after, change: profileChanged(before, after) }
  })

const make = Effect.map(Database, (database) =>
  AccountStore.of({
    list: (tenant) =>
      database.tenant("list accounts", tenant, (sql) =>
        Effect.flatMap(sql<AccountRow>`${select(sql)} order by lower(u.username)`, Effect.forEach(toAccount))
      ),

    get: (tenant, id) => database.tenant("read account", tenant, (sql) => one(sql, id)),

    changeProfile: (tenant, id, change) =>
      database.tenant("change profile", tenant, (sql) =>
        Effect.gen(function* () {
          yield* sql`select id from users where id = ${id} for no key update`
          const written = yield* writeProfile(sql, id, change)
          if (written.change !== null) yield* writeAudit(sql, tenant, written.change)
          return written.account
        })
      ),

    noteWrongPassword: (user, policy) =>
      database.tenant("note a wrong password", user.tenantId, (sql) =>
        Effect.gen(function* () {
          const [row] = yield* sql<AccountRow & { readonly wrong_at: Date | null }>`
            select * from users where id = ${user.id} for no key update`
          if (row === undefined) return false
          const before = {
            count: row.wrong_passwords,
            last: row.wrong_at === null ? null : DateTime.unsafeFromDate(row.wrong_at),
            lock: lockOf(row)
          }
          const { count, last, lock } = afterWrongPassword(policy, before, yield* DateTime.now)
          yield* sql`update users set wrong_passwords = ${count},
            wrong_at = ${last === null ? null : DateTime.toDateUtc(last)},
            locked_at = ${lock === null ? null : DateTime.toDateUtc(lock.since)},
            locked_until = ${lock === null || lock.until === null ? null : DateTime.toDateUtc(lock.until)}
            where id = ${user.id}`
          const isNew = lock !== null && lock.since !== before.lock?.since
          if (isNew) yield* writeAudit(sql, user.tenantId, accountLocked(user.id, count, lock))
          return isNew
        })
      ),

    noteRightPassword: ({ id, tenantId }) =>
      database.tenant("note a right password", tenantId, (sql) =>
        Effect.asVoid(sql`update users set wrong_passwords = 0, wrong_at = null, locked_at = null, locked_until = null
          where id = ${id} and (wrong_passwords > 0 or locked_at is not null)`)
      ),

    release: (tenant, id) =>
      database.tenant("release account", tenant, (sql) =>
        Effect.gen(function* () {
          const account = yield* one(sql, id)
          yield* sql`update users set wrong_passwords = 0, wrong_at = null, locked_at = null, locked_until = null where id = ${id}`
          if (account.lock !== null) yield* writeAudit(sql, tenant, accountReleased(id, account.wrongPasswords))
        })
      ),

    recipients: (nameOrAddress) =>
      database.system("find recipients", (sql) =>
        Effect.gen(function* () {
          const rows = yield* sql<RecipientRow>`${select(sql)}
            where (lower(u.username) = lower(${nameOrAddress}) or lower(u.email) = lower(${nameOrAddress}))
              and u.email is not null and u.password_hash like '$%' and u.disabled_at is null and ${isServed(sql, "u")}
            order by u.created_at limit ${mostRecipients}`
          return yield* Effect.forEach(rows, (row) =>
            Effect.map(
              decodeUser({
                id: row.id,
                tenantId: row.tenant_id,
                username: row.username,
                role: row.role,
                // Of those who are disabled there is none.
                disabled: false,
                createdAt: row.created_at.toISOString()
              }),
              (user) => ({ user, email: row.email, displayName: row.display_name, language: row.language })
            )
          )
        })
      ),

    passwords: ({ id, tenantId }, count) =>
      database.tenant("read former passwords", tenantId, (sql) =>
        Effect.map(
          sql<{ readonly password_hash: string }>`
            select password_hash from (
              select password_hash, 'infinity'::timestamptz as replaced_at from users where id = ${id}
              union all select password_hash, replaced_at from former_passwords where user_id = ${id}
            ) as hashes where password_hash like '$%' order by replaced_at desc limit ${count}`,
          (rows) => rows.map(({ password_hash }) => Redacted.make(password_hash))
        )
      )
  })
)

export const layerAccountStorePostgres: Layer.Layer<AccountStore, never, Database> = Layer.effect(AccountStore, make)
