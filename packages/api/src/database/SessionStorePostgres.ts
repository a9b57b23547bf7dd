import { signedIn, signedOut } from "@vigil/core/AuditChanges"
import { inNameOf } from "@vigil/core/ChangeAuthor"
import type { TenantId } from "@vigil/core/Ids"
import { SessionStore } from "@vigil/core/port/SessionStore"
import { Session, SessionId } from "@vigil/core/Session"
import { User } from "@vigil/core/User"
import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"

interface SessionRow {
  readonly id: string
  readonly user_id: string
  readonly tenant_id: string
  readonly created_at: Date
  readonly last_seen_at: Date
  readonly expires_at: Date
  readonly address: string | null
  readonly user_agent: string | null
}

interface ActiveRow extends SessionRow {
  readonly username: string
  readonly role: string
  readonly user_created_at: Date
}

const decodeSession = Schema.decodeUnknown(Session)
const decodeUser = Schema.decodeUnknown(User)

const toSession = (row: SessionRow) =>
  decodeSession({
    id: row.id,
    userId: row.user_id,
    tenantId: row.tenant_id,
    createdAt: row.created_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    address: row.address,
    userAgent: row.user_agent
  })

const toActive = (row: ActiveRow) =>
  Effect.all({
    session: toSession(row),
    user: decodeUser({
      id: row.user_id,
      tenantId: row.tenant_id,
      username: row.username,
      role: row.role,
      createdAt: row.user_created_at.toISOString()
    })
  })

const now = Effect.map(DateTime.now, DateTime.toDateUtc)

const make = Effect.map(Database, (database) =>
  SessionStore.of({
    create: ({ user, tokenHash, expiresAt, address, userAgent }) =>
      Effect.gen(function* () {
        const at = yield* DateTime.now
        const session = Session.make({
          id: SessionId.make(crypto.randomUUID()),
          userId: user.id,
          tenantId: user.tenantId,
          createdAt: at,
          lastSeenAt: at,
          expiresAt,
          address,
          userAgent
        })
        yield* database.tenant("begin session", user.tenantId, (sql) =>
          sql`insert into sessions ${sql.insert({
            id: session.id,
            token_hash: tokenHash,
            user_id: user.id,
            tenant_id: user.tenantId,
            created_at: DateTime.toDateUtc(at),
            last_seen_at: DateTime.toDateUtc(at),
            expires_at: DateTime.toDateUtc(expiresAt),
            address,
            user_agent: userAgent
          })}`.pipe(Effect.zipRight(inNameOf(user, address)(writeAudit(sql, user.tenantId, signedIn(session.id)))))
        )
        return session
      }),

    find: (tokenHash) =>
      database.system("find session", (sql) =>
        Effect.gen(function* () {
          const [row] = yield* sql<ActiveRow>`select s.*, u.username, u.role, u.created_at as user_created_at
            from sessions s join users u on u.id = s.user_id
            where s.token_hash = ${tokenHash} and s.expires_at > ${yield* now}`
          return row === undefined ? Option.none() : Option.some(yield* toActive(row))
        })
      ),

    extend: (id, expiresAt) =>
      Effect.asVoid(
        database.system("extend session", (sql) =>
          Effect.flatMap(
            now,
            (at) => sql`update sessions set last_seen_at = ${at}, expires_at = ${DateTime.toDateUtc(expiresAt)} where id = ${id}`
          )
        )
      ),

    list: (user) =>
      database.system("list sessions", (sql) =>
        Effect.flatMap(now, (at) =>
          Effect.flatMap(
            sql<SessionRow>`select * from sessions where user_id = ${user} and expires_at > ${at} order by last_seen_at desc, id`,
            Effect.forEach(toSession)
          )
        )
      ),

    revoke: (user, id) =>
      database.system("end session", (sql) =>
        Effect.gen(function* () {
          const [ended] = yield* sql<{ readonly tenant_id: TenantId }>`
            delete from sessions where id = ${id} and user_id = ${user} returning tenant_id`
          if (ended === undefined) return false
          yield* writeAudit(sql, ended.tenant_id, signedOut(id))
          return true
        })
      ),

    revokeAll: (user, except) =>
      Effect.asVoid(
        database.system(
          "end sessions",
          (sql) => sql`delete from sessions where user_id = ${user} and id is distinct from ${Option.getOrNull(except)}::uuid`
        )
      ),

    purge: Effect.asVoid(
      database.system("delete old sessions", (sql) =>
        Effect.flatMap(now, (at) => sql`delete from sessions where expires_at <= ${at}`)
      )
    )
  })
)

export const layerSessionStorePostgres: Layer.Layer<SessionStore, never, Database> = Layer.effect(SessionStore, make)
