import type { SqlClient } from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import { refreshTokenReused, signedIn, signedOut } from "@vigil/core/AuditChanges"
import { ChangeAuthor, inNameOf } from "@vigil/core/ChangeAuthor"
import { type Refreshing, SessionStore } from "@vigil/core/port/SessionStore"
import { Session, SessionId } from "@vigil/core/Session"
import { User } from "@vigil/core/User"
import { DateTime, Effect, Layer, Option, Schema } from "effect"
import { writeAudit } from "./AuditStorePostgres.js"
import { Database } from "./Database.js"
import { isServed } from "./ServedTenants.js"
import { lastly, soon } from "./Transaction.js"

interface SessionRow {
  readonly id: string
  readonly kind: string
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
  readonly lacks_second_factor: boolean
}

const decodeSession = Schema.decodeUnknown(Session)
const decodeUser = Schema.decodeUnknown(User)

const toSession = (row: SessionRow) =>
  decodeSession({
    id: row.id,
    kind: row.kind,
    userId: row.user_id,
    tenantId: row.tenant_id,
    createdAt: row.created_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    address: row.address,
    userAgent: row.user_agent
  })

const toActive = (row: ActiveRow) =>
  Effect.map(
    Effect.all({
      session: toSession(row),
      user: decodeUser({
        id: row.user_id,
        tenantId: row.tenant_id,
        username: row.username,
        role: row.role,
        // Of those who are disabled there is none.
        disabled: false,
        createdAt: row.user_created_at.toISOString()
      })
    }),
    (active) => ({ ...active, lacksSecondFactor: row.lacks_second_factor })
  )

const now = Effect.map(DateTime.now, DateTime.toDateUtc)

/** Sessions that are not over, of users whose tenant may want more of them than they have. */
const active = (sql: SqlClient, condition: Fragment) =>
  Effect.flatMap(
    now,
    (at) => sql<ActiveRow>`select s.*, u.username, u.role, u.created_at as user_created_at,
        -- Of people without a password it is their identity provider's matter.
        t.second_factor = 'required' and u.password_hash <> '!' and not exists (
          select from second_factors f where f.id = u.id and f.confirmed_at is not null
        ) as lacks_second_factor
      from sessions s join users u on u.id = s.user_id join tenants t on t.id = s.tenant_id
      where ${condition} and s.expires_at > ${at} and t.suspended_at is null and u.disabled_at is null`
  )

const firstActive = (sql: SqlClient, condition: Fragment) =>
  Effect.flatMap(active(sql, condition), ([row]) => (row === undefined ? Effect.succeedNone : Effect.asSome(toActive(row))))

/** Ends the session if the token was exchanged before. */
const endIfReused = (sql: SqlClient, tokenHash: Uint8Array) =>
  Effect.gen(function* () {
    const [row] = yield* sql<
      SessionRow & { readonly username: string }
    >`delete from sessions s using spent_refresh_tokens t, users u
      where t.token_hash = ${tokenHash} and s.id = t.session_id and u.id = s.user_id returning s.*, u.username`
    if (row === undefined) return false
    const session = yield* toSession(row)
    const { address } = yield* ChangeAuthor
    yield* inNameOf(
      { id: session.userId, username: row.username },
      address
    )(writeAudit(sql, session.tenantId, refreshTokenReused(session)))
    return true
  })

const refreshed = (
  sql: SqlClient,
  tokenHash: Uint8Array,
  nextHash: Uint8Array,
  expiryOf: (session: Session, now: DateTime.Utc) => DateTime.Utc
) =>
  Effect.gen(function* () {
    // The row is what two who have the same token wait for: the second finds it spent.
    const [locked] = yield* sql<SessionRow>`select * from sessions
      where token_hash = ${tokenHash} and kind = 'token' and expires_at > ${yield* now} and ${isServed(sql)} for no key update`
    if (locked === undefined) return Option.none()
    const session = yield* toSession(locked)
    const at = yield* DateTime.now
    yield* sql`insert into spent_refresh_tokens ${sql.insert({
      token_hash: tokenHash,
      session_id: session.id,
      tenant_id: session.tenantId,
      spent_at: DateTime.toDateUtc(at)
    })}`
    yield* sql`update sessions set token_hash = ${nextHash}, last_seen_at = ${DateTime.toDateUtc(at)},
      expires_at = case when provider_id is null then ${DateTime.toDateUtc(expiryOf(session, at))} else expires_at end
      where id = ${session.id}`
    return yield* firstActive(sql, sql`s.id = ${session.id}`)
  })

const make = Effect.map(Database, (database) =>
  SessionStore.of({
    create: ({ user, kind, tokenHash, expiresAt, address, userAgent, provider }) =>
      Effect.gen(function* () {
        const at = yield* DateTime.now
        const session = Session.make({
          id: SessionId.make(crypto.randomUUID()),
          kind,
          userId: user.id,
          tenantId: user.tenantId,
          createdAt: at,
          lastSeenAt: at,
          expiresAt,
          address,
          userAgent
        })
        yield* database.tenant("begin session", user.tenantId, (sql) =>
          soon(
            sql`insert into sessions ${sql.insert({
              id: session.id,
              provider_id: provider ?? null,
              kind,
              token_hash: tokenHash,
              user_id: user.id,
              tenant_id: user.tenantId,
              created_at: DateTime.toDateUtc(at),
              last_seen_at: DateTime.toDateUtc(at),
              expires_at: DateTime.toDateUtc(expiresAt),
              address,
              user_agent: userAgent
            })}`
          ).pipe(Effect.zipRight(inNameOf(user, address)(writeAudit(sql, user.tenantId, signedIn(session)))))
        )
        return session
      }),

    find: (tokenHash) =>
      database.system("find session", (sql) => lastly(firstActive(sql, sql`s.token_hash = ${tokenHash} and s.kind = 'browser'`))),

    findById: (id) => database.system("find session", (sql) => lastly(firstActive(sql, sql`s.id = ${id}`))),

    extend: (id, expiresAt) =>
      Effect.asVoid(
        database.system("extend session", (sql) =>
          Effect.flatMap(
            now,
            // Of those that came through a provider the end stays where it is.
            (at) => sql`update sessions set last_seen_at = ${at},
              expires_at = case when provider_id is null then ${DateTime.toDateUtc(expiresAt)} else expires_at end where id = ${id}`
          )
        )
      ),

    refresh: (tokenHash, nextHash, expiryOf) =>
      database.system("exchange refresh token", (sql) =>
        Effect.gen(function* () {
          const found = yield* refreshed(sql, tokenHash, nextHash, expiryOf)
          if (Option.isSome(found)) return { _tag: "Refreshed", active: found.value } satisfies Refreshing
          return { _tag: (yield* endIfReused(sql, tokenHash)) ? "Reused" : "Unknown" } satisfies Refreshing
        })
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
          const [row] = yield* sql<SessionRow>`delete from sessions where id = ${id} and user_id = ${user} returning *`
          if (row === undefined) return false
          const session = yield* toSession(row)
          yield* writeAudit(sql, session.tenantId, signedOut(session))
          return true
        })
      ),

    revokeRefreshToken: (tokenHash) =>
      database.system("end session", (sql) =>
        Effect.gen(function* () {
          const [row] = yield* sql<SessionRow & { readonly username: string }>`delete from sessions s using users u
            where u.id = s.user_id and ((s.token_hash = ${tokenHash} and s.kind = 'token')
              or s.id = (select session_id from spent_refresh_tokens where token_hash = ${tokenHash})) returning s.*, u.username`
          if (row === undefined) return
          const session = yield* toSession(row)
          const { address } = yield* ChangeAuthor
          yield* inNameOf(
            { id: session.userId, username: row.username },
            address
          )(writeAudit(sql, session.tenantId, signedOut(session)))
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
