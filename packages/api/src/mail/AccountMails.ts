import type { PasswordPolicy } from "@vigil/core/PasswordPolicy"
import { AccountStore } from "@vigil/core/port/AccountStore"
import type { MailRecipient } from "@vigil/core/port/AccountStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import type { User } from "@vigil/core/User"
import { Context, Effect, Layer } from "effect"
import { Mailer } from "./Mailer.js"
import { type MailTexts, textsFor } from "./MailTexts.js"

/** What people are told of their accounts by mail, where there is a mail server and an address. */
export class AccountMails extends Context.Tag("@vigil/api/AccountMails")<
  AccountMails,
  {
    readonly isConfigured: boolean
    readonly sendResetLink: (to: MailRecipient, link: string, minutes: number) => Effect.Effect<void>
    readonly sendInvitation: (to: MailRecipient, link: string, hours: number) => Effect.Effect<void>
    readonly tellOfLock: (user: User, policy: PasswordPolicy) => Effect.Effect<void, StoreUnavailable>
    readonly tellOfNewPassword: (user: User) => Effect.Effect<void, StoreUnavailable>
    /** The former address is told that it is no more. */
    readonly tellOfNewAddress: (former: MailRecipient) => Effect.Effect<void>
  }
>() {
  static readonly layer: Layer.Layer<AccountMails, never, AccountStore | Mailer> = Layer.effect(
    AccountMails,
    Effect.gen(function* () {
      const accounts = yield* AccountStore
      const mailer = yield* Mailer

      const post = (
        { displayName, email, language, user }: MailRecipient,
        say: (texts: MailTexts) => ReturnType<MailTexts["reset"]>
      ) => {
        const texts = textsFor(language)
        const { lines, subject } = say(texts)
        const text = `${[texts.greeting(displayName ?? user.username), ...lines].join("\n\n")}\n`
        return mailer.post({ to: email, subject, text })
      }

      /** To the user's own address, if there is one. */
      const postTo = (user: User, say: (texts: MailTexts) => ReturnType<MailTexts["reset"]>) =>
        accounts.get(user.tenantId, user.id).pipe(
          Effect.flatMap(({ displayName, email, language }) =>
            email === null ? Effect.void : post({ user, email, displayName, language }, say)
          ),
          // Removed meanwhile: nobody is there to be told.
          Effect.catchTag("UserNotFound", () => Effect.void)
        )

      return AccountMails.of({
        isConfigured: mailer.isConfigured,
        sendResetLink: (to, link, minutes) => post(to, (texts) => texts.reset({ username: to.user.username, link, minutes })),
        sendInvitation: (to, link, hours) => post(to, (texts) => texts.invitation({ username: to.user.username, link, hours })),
        tellOfLock: (user, { lockMinutes }) =>
          postTo(user, (texts) => texts.locked({ username: user.username, minutes: lockMinutes })),
        tellOfNewPassword: (user) => postTo(user, (texts) => texts.newPassword({ username: user.username })),
        tellOfNewAddress: (former) => post(former, (texts) => texts.newAddress({ username: former.user.username }))
      })
    })
  )
}
