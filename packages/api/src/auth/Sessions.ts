import { Unauthorized } from "@vigil/core/contract/Principal"
import { type IdentityProviderId, providerSessionHours } from "@vigil/core/IdentityProvider"
import { type ActiveSession, SessionStore } from "@vigil/core/port/SessionStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { type Session, SessionId, type SessionKind } from "@vigil/core/Session"
import type { User } from "@vigil/core/User"
import { Context, DateTime, Duration, Effect, Layer, Option, Schedule } from "effect"
import { makeBelieved } from "./Believed.js"
import { hashToken, newRefreshToken, newToken } from "./Token.js"

/** Where a sign-in comes from. */
export interface Visitor {
  readonly address: string
  readonly userAgent: string | null
}

/** A session ends when it was not used for that long, and at the latest that long after it began. */
const idleLimit = Duration.days(14)
const wholeLimit = Duration.days(90)
/** How fresh the note of the last use is kept; saves a write per request. */
const noteEvery = Duration.minutes(5)
const longestUserAgent = 300

/** When a session ends that is used now. */
export const sessionExpiry = ({ createdAt }: Pick<Session, "createdAt">, now: DateTime.Utc): DateTime.Utc =>
  DateTime.min(DateTime.addDuration(now, idleLimit), DateTime.addDuration(createdAt, wholeLimit))

const providerExpiry = (now: DateTime.Utc): DateTime.Utc => DateTime.add(now, { hours: providerSessionHours })

const over = new Unauthorized({ detail: "There is no valid session: sign in." })

export class Sessions extends Context.Tag("@vigil/api/Sessions")<
  Sessions,
  {
    /** Begins a session; the answer is its token. */
    readonly begin: (
      user: User,
      visitor: Visitor,
      kind: SessionKind,
      provider?: IdentityProviderId
    ) => Effect.Effect<{ readonly session: Session; readonly token: string }, StoreUnavailable>
    /** Whose the cookie's token is, now or up to 1.5 s ago; while the database is away, when it was last there. */
    readonly authenticate: (token: string) => Effect.Effect<ActiveSession, Unauthorized | StoreUnavailable>
    /** The same for a session whose name was proved. */
    readonly active: (id: SessionId) => Effect.Effect<ActiveSession, Unauthorized | StoreUnavailable>
    /** Completes within 4 s after the session ended, or lacks a second factor. A database that is away ends none. */
    readonly ended: (id: SessionId) => Effect.Effect<void>
    /** Forgets what is believed of sessions: call it after one was ended. */
    readonly forget: Effect.Effect<void>
  }
>() {
  static readonly layer: Layer.Layer<Sessions, never, SessionStore> = Layer.scoped(
    Sessions,
    Effect.gen(function* () {
      const store = yield* SessionStore
      const noteUse = ({ session }: ActiveSession) =>
        Effect.flatMap(DateTime.now, (now) =>
          DateTime.distance(session.lastSeenAt, now) < Duration.toMillis(noteEvery)
            ? Effect.void
            : store.extend(session.id, sessionExpiry(session, now))
        )

      const belief = { expiresAt: ({ session }: ActiveSession) => session.expiresAt, noteUse, refusal: over }
      const byToken = makeBelieved({ ...belief, find: (token) => store.find(hashToken(token)) })
      const byId = makeBelieved({ ...belief, find: (id) => store.findById(SessionId.make(id)) })
      const unlimited = makeBelieved({
        ...belief,
        find: (id) =>
          Effect.map(
            store.findById(SessionId.make(id)),
            Option.filter(({ lacksSecondFactor }) => !lacksSecondFactor)
          )
      })

      yield* store.purge.pipe(
        Effect.catchAll((error) => Effect.logWarning(`sessions that are over stay for now: ${error.message}`)),
        Effect.repeat(Schedule.spaced("1 hour")),
        Effect.forkScoped
      )

      return Sessions.of({
        begin: (user, { address, userAgent }, kind, provider) =>
          Effect.gen(function* () {
            const token = kind === "token" ? newRefreshToken() : newToken()
            const now = yield* DateTime.now
            const session = yield* store.create({
              user,
              kind,
              tokenHash: hashToken(token),
              expiresAt: provider === undefined ? sessionExpiry({ createdAt: now }, now) : providerExpiry(now),
              provider,
              address,
              userAgent: userAgent === null ? null : userAgent.slice(0, longestUserAgent)
            })
            return { session, token }
          }),
        authenticate: byToken.authenticate,
        active: byId.authenticate,
        ended: unlimited.ended,
        forget: Effect.all([byToken.forget, byId.forget, unlimited.forget], { discard: true })
      })
    })
  )
}
