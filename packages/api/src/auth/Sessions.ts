import { Unauthorized } from "@vigil/core/contract/Principal"
import { type ActiveSession, SessionStore } from "@vigil/core/port/SessionStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import type { User } from "@vigil/core/User"
import { Context, DateTime, Duration, Effect, Layer, Schedule } from "effect"
import { makeBelieved } from "./Believed.js"
import { hashToken, newToken } from "./Token.js"

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

const expiry = (createdAt: DateTime.Utc, now: DateTime.Utc): DateTime.Utc =>
  DateTime.min(DateTime.addDuration(now, idleLimit), DateTime.addDuration(createdAt, wholeLimit))

const over = new Unauthorized({ detail: "There is no valid session: sign in." })

export class Sessions extends Context.Tag("@vigil/api/Sessions")<
  Sessions,
  {
    /** Begins a session; the answer is its token. */
    readonly begin: (user: User, visitor: Visitor) => Effect.Effect<string, StoreUnavailable>
    /** Whose the token is, now or up to 1.5 s ago; while the database is away, when it was last there. */
    readonly authenticate: (token: string) => Effect.Effect<ActiveSession, Unauthorized | StoreUnavailable>
    /** Completes within 4 s after the session ended. A database that is away ends none. */
    readonly ended: (token: string) => Effect.Effect<void>
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
            : store.extend(session.id, expiry(session.createdAt, now))
        )

      const { authenticate, ended, forget } = makeBelieved({
        find: store.find,
        expiresAt: ({ session }) => session.expiresAt,
        noteUse,
        refusal: over
      })

      yield* store.purge.pipe(
        Effect.catchAll((error) => Effect.logWarning(`sessions that are over stay for now: ${error.message}`)),
        Effect.repeat(Schedule.spaced("1 hour")),
        Effect.forkScoped
      )

      return Sessions.of({
        begin: (user, { address, userAgent }) =>
          Effect.gen(function* () {
            const token = newToken()
            const now = yield* DateTime.now
            yield* store.create({
              user,
              tokenHash: hashToken(token),
              expiresAt: expiry(now, now),
              address,
              userAgent: userAgent === null ? null : userAgent.slice(0, longestUserAgent)
            })
            return token
          }),
        authenticate,
        ended,
        forget
      })
    })
  )
}
