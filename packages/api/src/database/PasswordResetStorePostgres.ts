import { resetOffered } from "@vigil/core/AccountChanges"
import { PasswordResetStore } from "@vigil/core/port/PasswordResetStore"
import { DateTime, Effect, Layer, Option } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"
import { isServed } from "./ServedTenants.js"
import { toUser } from "./UserStorePostgres.js"

/** Seconds between two mails to one user. */
const pause = 120

const now = Effect.map(DateTime.now, DateTime.toDateUtc)

const make = Effect.map(Database, (database) =>
  PasswordResetStore.of({
    offer: (user, tokenHash, expiresAt) =>
      database.tenant("offer a new password", user.tenantId, (sql) =>
        Effect.gen(function* () {
          const at = yield* now
          const row = {
            token_hash: tokenHash,
            tenant_id: user.tenantId,
            user_id: user.id,
            created_at: at,
            expires_at: DateTime.toDateUtc(expiresAt)
          }
          const made = yield* sql`insert into password_resets ${sql.insert(row)}
            on conflict (user_id) do update set token_hash = excluded.token_hash, created_at = excluded.created_at,
              expires_at = excluded.expires_at
            where password_resets.created_at < ${new Date(at.getTime() - pause * 1000)} returning user_id`
          if (made.length === 0) return false
          yield* writeAudit(sql, user.tenantId, resetOffered(user.id))
          return true
        })
      ),

    find: (tokenHash) =>
      database.system("find whose a new password is", (sql) =>
        Effect.gen(function* () {
          const [row] = yield* sql<
            Parameters<typeof toUser>[0]
          >`select u.* from password_resets r join users u on u.id = r.user_id
            where r.token_hash = ${tokenHash} and r.expires_at > ${yield* now} and ${isServed(sql, "r")} and u.disabled_at is null`
          return row === undefined ? Option.none() : Option.some(yield* toUser(row))
        })
      ),

    take: (tokenHash) =>
      database.system("use up a link", (sql) =>
        Effect.gen(function* () {
          const at = yield* now
          // What is over goes along.
          const taken = yield* sql<{ readonly expires_at: Date }>`
            delete from password_resets where token_hash = ${tokenHash} or expires_at <= ${at}
            returning token_hash, expires_at`
          return taken.some(({ expires_at }) => expires_at.getTime() > at.getTime())
        })
      )
  })
)

export const layerPasswordResetStorePostgres: Layer.Layer<PasswordResetStore, never, Database> = Layer.effect(
  PasswordResetStore,
  make
)
