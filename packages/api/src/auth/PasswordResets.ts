import { inNameOf, inNameOfStranger } from "@vigil/core/ChangeAuthor"
import { expectingNothing } from "@vigil/core/port/Expected"
import { AccountStore, type MailRecipient } from "@vigil/core/port/AccountStore"
import { PasswordResetStore } from "@vigil/core/port/PasswordResetStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import type { UserNotFound } from "@vigil/core/port/UserStore"
import type { User } from "@vigil/core/User"
import { Context, Data, DateTime, Duration, Effect, Layer, Option, Queue, type Redacted } from "effect"
import { AccountMails } from "../mail/AccountMails.js"
import { Accounts } from "./Accounts.js"
import { PasswordRules, type WeakPassword } from "./PasswordRules.js"
import type { Visitor } from "./Sessions.js"
import { SignInThrottle, type TooManyAttempts } from "./SignInThrottle.js"
import { hashToken, newToken } from "./Token.js"

/** The link for a new password is unknown, too old, replaced by a newer one, or was used. */
export class ResetRefused extends Data.TaggedError("ResetRefused") {
  override get message() {
    return "this link is too old, was used, or was replaced by a newer one: ask for another one"
  }
}

/** There is no mail server that could take a link. */
export class MailNotConfigured extends Data.TaggedError("MailNotConfigured") {
  override get message() {
    return "this Vigil has no mail server to send a link with: an administrator sets passwords here"
  }
}

/** No link can be sent to this user: there is no mail address, or one was sent a moment ago. */
export class LinkRefused extends Data.TaggedError("LinkRefused")<{ readonly reason: "no-address" | "just-sent" }> {
  override get message() {
    return this.reason === "no-address"
      ? "there is no mail address that a link could be sent to"
      : "a link was sent within the last two minutes: wait before you send another one"
  }
}

/** Every request counts as a wrong attempt does. */
class Counted extends Data.TaggedError("Counted") {}

/** Minutes that a link is good for that somebody asked for. */
const validity = 30

/** Hours that a link is good for that an administrator sent: people read their mail tomorrow. */
const invitationValidity = 72

/** Requests that wait for their mails. */
const mostWaiting = 100

interface Request {
  readonly nameOrAddress: string
  /** Of this Vigil, as people's browsers reach it. */
  readonly url: string
  readonly address: string
}

/** New passwords for people who have forgotten theirs, by links that are sent to their mail addresses. */
export class PasswordResets extends Context.Tag("@vigil/api/PasswordResets")<
  PasswordResets,
  {
    readonly isConfigured: boolean
    /** Sends links to whoever has that name or address, later: neither the answer nor its time tells whether there is anybody. */
    readonly request: (
      nameOrAddress: string,
      url: string,
      visitor: Visitor
    ) => Effect.Effect<void, MailNotConfigured | TooManyAttempts>
    /** Fails unless a link could be sent to that address. */
    readonly checkRecipient: (email: string | null | undefined) => Effect.Effect<void, MailNotConfigured | LinkRefused>
    /** Sends a user a link to choose a password, the first or another one. */
    readonly invite: (
      user: User,
      url: string
    ) => Effect.Effect<void, MailNotConfigured | LinkRefused | UserNotFound | StoreUnavailable>
    /** Uses up the link; ends all sessions of the user, and the account's lock. */
    readonly perform: (
      token: string,
      password: Redacted.Redacted,
      visitor: Visitor
    ) => Effect.Effect<void, ResetRefused | WeakPassword | TooManyAttempts | StoreUnavailable>
  }
>() {
  static readonly layer: Layer.Layer<
    PasswordResets,
    never,
    AccountMails | Accounts | AccountStore | PasswordResetStore | PasswordRules | SignInThrottle
  > = Layer.scoped(
    PasswordResets,
    Effect.gen(function* () {
      const mails = yield* AccountMails
      const accounts = yield* Accounts
      const people = yield* AccountStore
      const resets = yield* PasswordResetStore
      const rules = yield* PasswordRules
      const throttle = yield* SignInThrottle
      const waiting = yield* Queue.dropping<Request>(mostWaiting)

      /** A new link, in place of the user's earlier one; none within two minutes of that. */
      const newLink = (user: User, url: string, validFor: Duration.DurationInput) =>
        Effect.gen(function* () {
          const token = newToken()
          const expiresAt = DateTime.addDuration(yield* DateTime.now, validFor)
          // Behind `#`, where it reaches no server, no proxy and no log.
          const link = `${url}/new-password#${token}`
          const offered = yield* resets.offer(user, hashToken(token), expiresAt)
          return Option.liftPredicate(link, () => offered)
        })

      const offer = (to: MailRecipient, { address, url }: Request) =>
        Effect.gen(function* () {
          const made = newLink(to.user, url, Duration.minutes(validity))
          const link = yield* inNameOfStranger(to.user.username, address)(made)
          if (Option.isSome(link)) yield* mails.sendResetLink(to, link.value, validity)
        })

      const checkRecipient = (email: string | null | undefined) =>
        Effect.gen(function* () {
          if (!mails.isConfigured) return yield* new MailNotConfigured()
          if (email === null || email === undefined) return yield* new LinkRefused({ reason: "no-address" })
        })

      const answer = (request: Request) =>
        people.recipients(request.nameOrAddress).pipe(
          Effect.flatMap(Effect.forEach((to) => offer(to, request), { discard: true })),
          Effect.catchTag("StoreUnavailable", ({ message }) => Effect.logWarning(`no link for a new password: ${message}`))
        )

      yield* Queue.take(waiting).pipe(Effect.flatMap(answer), Effect.forever, Effect.forkScoped)

      return PasswordResets.of({
        isConfigured: mails.isConfigured,

        request: (nameOrAddress, url, { address }) =>
          Effect.gen(function* () {
            if (!mails.isConfigured) return yield* new MailNotConfigured()
            yield* throttle
              .attempt(`new password of ${nameOrAddress}`, address, new Counted(), () => true)
              .pipe(Effect.catchTag("Counted", () => Effect.void))
            if (!(yield* Queue.offer(waiting, { nameOrAddress, url, address })))
              yield* Effect.logWarning("a request for a new password is dropped: too many wait")
          }),

        checkRecipient,

        invite: (user, url) =>
          Effect.gen(function* () {
            const { displayName, email, language } = yield* people.get(user.tenantId, user.id)
            yield* checkRecipient(email)
            const link = yield* newLink(user, url, Duration.hours(invitationValidity))
            if (email === null || Option.isNone(link)) return yield* new LinkRefused({ reason: "just-sent" })
            yield* mails.sendInvitation({ user, email, displayName, language }, link.value, invitationValidity)
          }),

        perform: (token, password, visitor) =>
          throttle.attempt(
            "new password",
            visitor.address,
            Effect.gen(function* () {
              const tokenHash = hashToken(token)
              const found = yield* resets.find(tokenHash)
              if (Option.isNone(found)) return yield* new ResetRefused()
              const user = found.value
              yield* rules.checkNext(user, password)
              if (!(yield* resets.take(tokenHash))) return yield* new ResetRefused()
              const change = accounts.change(user.tenantId, user.id, { role: undefined, password })
              yield* inNameOf(
                user,
                visitor.address
              )(change).pipe(
                // Removed since it was found; the role does not change.
                Effect.catchTags({ UserNotFound: () => new ResetRefused(), LastAdministrator: Effect.die }),
                expectingNothing
              )
            }),
            (error) => error._tag === "ResetRefused"
          )
      })
    })
  )
}
