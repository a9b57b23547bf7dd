import { checkMailServer } from "@vigil/api/mail/Mailer"
import type { MailSettings } from "@vigil/api/mail/MailSettings"
import { Effect, Option } from "effect"
import { type Check, fail, pass } from "./Finding.js"

/** Whether the mail server takes this machine's connection, encryption and login; sends nothing. */
export const mail = (settings: Option.Option<MailSettings>): Check =>
  Option.match(settings, {
    onNone: () =>
      Effect.succeed(pass("mail", "not configured (VIGIL_SMTP_HOST): forgotten passwords are the administrators' matter")),
    onSome: (configured) => {
      const server = `${configured.host}:${configured.port}`
      return Effect.match(checkMailServer(configured), {
        onSuccess: () => pass("mail", `${server} is ready (${configured.security})`),
        onFailure: ({ message }) =>
          fail("mail", `${server}: ${message}`, "Correct the variables VIGIL_SMTP_*, see docs/configuration.md.")
      })
    }
  })
