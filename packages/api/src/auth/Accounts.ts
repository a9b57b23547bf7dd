import type { ProfileChange } from "@vigil/core/Account"
import { signInRefused } from "@vigil/core/AuditChanges"
import { inNameOf, inNameOfStranger } from "@vigil/core/ChangeAuthor"
import { Unauthorized } from "@vigil/core/contract/Principal"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { type ChangedMeanwhile, type Expected, expectingNothing, requireExpected } from "@vigil/core/port/Expected"
import { SessionStore } from "@vigil/core/port/SessionStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import {
  type LastAdministrator,
  SetupRefused,
  type StoredUser,
  type UsernameTaken,
  type UserNotFound,
  UserStore
} from "@vigil/core/port/UserStore"
import { defaultTenant, type TenantId, type UserId } from "@vigil/core/Ids"
import type { SessionId } from "@vigil/core/Session"
import type { Role, User } from "@vigil/core/User"
import { Context, DateTime, Effect, Layer, Option, type Redacted } from "effect"
import { AccountMails } from "../mail/AccountMails.js"
import { Lockouts } from "./Lockouts.js"
import { PasswordHasher } from "./PasswordHasher.js"
import { PasswordRules, type WeakPassword, WrongPassword } from "./PasswordRules.js"
import { type CodeRefused, SecondFactors } from "./SecondFactors.js"
import { Sessions, type Visitor } from "./Sessions.js"
import { SignInThrottle, type TooManyAttempts } from "./SignInThrottle.js"
import { hashToken, newToken } from "./Token.js"

/** A user and the token of the session that was begun. */
export interface SignedIn {
  readonly user: User
  readonly token: string
}

const setupValidity = "24 hours"

/** The same whether the name or the password was wrong, or neither but the account is locked. */
const wrong = new Unauthorized({
  detail: "The user name or the password is wrong, or the account is locked after too many wrong passwords."
})

const notServed = new Unauthorized({
  detail: "This account's tenant is suspended. Whoever operates this Vigil can say why."
})

const isDisabled = new Unauthorized({ detail: "This account is disabled. An administrator can enable it again." })

/** Who may come in: set-up, signing in, passwords. */
export class Accounts extends Context.Tag("@vigil/api/Accounts")<
  Accounts,
  {
    /** A new one-time token for the first administrator, valid for 24 hours in place of earlier ones; none where a user exists. */
    readonly offerSetup: Effect.Effect<Option.Option<string>, StoreUnavailable>
    readonly setUp: (
      token: string,
      username: string,
      password: Redacted.Redacted,
      visitor: Visitor
    ) => Effect.Effect<SignedIn, SetupRefused | UsernameTaken | WeakPassword | TooManyAttempts | StoreUnavailable>
    /** Whose name and password these are; with the `code` that the user's second factor wants, if it wants one. */
    readonly identify: (
      username: string,
      password: Redacted.Redacted,
      code: Redacted.Redacted | undefined,
      visitor: Visitor
    ) => Effect.Effect<User, Unauthorized | CodeRefused | TooManyAttempts | StoreUnavailable>
    readonly signIn: (
      username: string,
      password: Redacted.Redacted,
      code: Redacted.Redacted | undefined,
      visitor: Visitor
    ) => Effect.Effect<SignedIn, Unauthorized | CodeRefused | TooManyAttempts | StoreUnavailable>
    /** Fails unless the password is the user's: for what a session alone is not enough for. */
    readonly provePassword: (
      user: User,
      password: Redacted.Redacted,
      visitor: Visitor
    ) => Effect.Effect<void, WrongPassword | TooManyAttempts | StoreUnavailable>
    /** The hash of a password that keeps the rules. */
    readonly hash: (
      username: string,
      password: Redacted.Redacted
    ) => Effect.Effect<Redacted.Redacted, WeakPassword | StoreUnavailable>
    readonly create: (
      tenant: TenantId,
      user: {
        readonly username: string
        readonly role: Role
        readonly password: Redacted.Redacted | undefined
        readonly profile: ProfileChange
      }
    ) => Effect.Effect<User, UsernameTaken | WeakPassword | StoreUnavailable>
    /** Ends the user's other sessions where the password changes; with a `current` password, only if that is right. */
    readonly changePassword: (
      user: User,
      session: SessionId,
      current: Redacted.Redacted,
      next: Redacted.Redacted,
      visitor: Visitor
    ) => Effect.Effect<void, WeakPassword | WrongPassword | TooManyAttempts | UserNotFound | LastAdministrator | StoreUnavailable>
    /** An administrator's change to another user; ends that user's sessions, unless it changes nothing. */
    readonly change: (
      tenant: TenantId,
      id: UserId,
      change: {
        readonly role: Role | undefined
        readonly password: Redacted.Redacted | undefined
        readonly disabled?: boolean | undefined
      },
      expected?: Expected<User>
    ) => Effect.Effect<User, UserNotFound | LastAdministrator | WeakPassword | ChangedMeanwhile | StoreUnavailable>
  }
>() {
  static readonly layer: Layer.Layer<
    Accounts,
    never,
    | AccountMails
    | AuditStore
    | UserStore
    | SessionStore
    | Sessions
    | Lockouts
    | PasswordHasher
    | PasswordRules
    | SecondFactors
    | SignInThrottle
  > = Layer.effect(
    Accounts,
    Effect.gen(function* () {
      const audit = yield* AuditStore
      const users = yield* UserStore
      const sessionStore = yield* SessionStore
      const sessions = yield* Sessions
      const hasher = yield* PasswordHasher
      const lockouts = yield* Lockouts
      const mails = yield* AccountMails
      const rules = yield* PasswordRules
      const secondFactors = yield* SecondFactors
      const throttle = yield* SignInThrottle

      const begin = (user: User, visitor: Visitor) =>
        Effect.map(sessions.begin(user, visitor, "browser"), ({ token }): SignedIn => ({ user, token }))

      const noteRefusal = (user: Option.Option<User>, address: string) => {
        const { tenantId, username } = Option.getOrElse(user, () => ({ tenantId: defaultTenant, username: "(unknown)" }))
        return inNameOfStranger(username, address)(audit.append(tenantId, signInRefused(user)))
      }

      /** The user whose name and password these are. */
      const prove = (username: string, password: Redacted.Redacted, { address }: Visitor) =>
        throttle.attempt(
          username,
          address,
          Effect.gen(function* () {
            const found = yield* users.findByUsername(username)
            const right = yield* hasher.verify(yield* lockouts.hashOf(found), password)
            if (right && Option.isSome(found)) {
              yield* lockouts.noteRight(found.value)
              return found.value
            }
            yield* lockouts.noteWrong(found, address)
            yield* noteRefusal(
              Option.map(found, ({ user }) => user),
              address
            )
            return yield* wrong
          }),
          (error) => error._tag === "Unauthorized"
        )

      /** Told only to those who know the password. */
      const servedUser = ({ isServed, user }: StoredUser): Effect.Effect<User, Unauthorized> => {
        if (!isServed) return Effect.fail(notServed)
        return user.disabled ? Effect.fail(isDisabled) : Effect.succeed(user)
      }

      const identify = (username: string, password: Redacted.Redacted, code: Redacted.Redacted | undefined, visitor: Visitor) =>
        prove(username.trim(), password, visitor).pipe(
          Effect.flatMap(servedUser),
          Effect.tap((user) => secondFactors.check(user, code, visitor))
        )

      const provePassword = (user: User, password: Redacted.Redacted, visitor: Visitor) =>
        Effect.asVoid(Effect.catchTag(prove(user.username, password, visitor), "Unauthorized", () => new WrongPassword()))

      const endSessions = (user: UserId, except: Option.Option<SessionId>) =>
        Effect.zipRight(sessionStore.revokeAll(user, except), sessions.forget)

      return Accounts.of({
        offerSetup: Effect.gen(function* () {
          const token = newToken()
          const expiresAt = DateTime.addDuration(yield* DateTime.now, setupValidity)
          return (yield* users.offerSetup(hashToken(token), expiresAt)) ? Option.some(token) : Option.none()
        }),

        setUp: (token, username, password, visitor) =>
          Effect.gen(function* () {
            yield* rules.check(defaultTenant, username, password)
            const user = yield* throttle.attempt(
              "set-up",
              visitor.address,
              Effect.gen(function* () {
                if (!(yield* users.setupNeeded)) return yield* new SetupRefused({ reason: "done" })
                const passwordHash = yield* hasher.hash(password)
                return yield* inNameOfStranger(
                  username,
                  visitor.address
                )(users.setUp(hashToken(token), { username, passwordHash }))
              }),
              (error) => error._tag === "SetupRefused"
            )
            return yield* begin(user, visitor)
          }),

        identify,

        signIn: (username, password, code, visitor) =>
          Effect.flatMap(identify(username, password, code, visitor), (user) => begin(user, visitor)),

        provePassword,

        hash: (username, password) => Effect.zipRight(rules.check(defaultTenant, username, password), hasher.hash(password)),

        create: (tenant, { password, profile, role, username }) =>
          Effect.gen(function* () {
            if (password === undefined) return yield* users.create(tenant, { username, role, profile })
            yield* rules.check(tenant, username, password)
            return yield* users.create(tenant, { username, role, profile, passwordHash: yield* hasher.hash(password) })
          }),

        changePassword: (user, session, current, next, visitor) =>
          Effect.gen(function* () {
            yield* provePassword(user, current, visitor)
            yield* rules.checkNext(user, next)
            const passwordHash = yield* hasher.hash(next)
            yield* inNameOf(user, visitor.address)(expectingNothing(users.change(user.tenantId, user.id, { passwordHash })))
            yield* endSessions(user.id, Option.some(session))
            yield* mails.tellOfNewPassword(user)
          }),

        change: (tenant, id, { disabled, password, role }, expected) =>
          Effect.gen(function* () {
            const known = yield* users.get(tenant, id)
            const isSame = (role ?? known.role) === known.role && (disabled ?? known.disabled) === known.disabled
            yield* requireExpected(`user ${known.username}`, known, expected)
            if (isSame && password === undefined) return known
            if (password !== undefined) yield* rules.checkNext(known, password)
            const passwordHash = password === undefined ? undefined : yield* hasher.hash(password)
            const user = yield* users.change(tenant, id, { role, passwordHash, disabled }, expected)
            yield* endSessions(id, Option.none())
            if (password !== undefined) yield* mails.tellOfNewPassword(user)
            return user
          })
      })
    })
  )
}
