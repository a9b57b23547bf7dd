import { Context, Data, Effect, Layer, Metric, Option, Queue, Redacted, Schedule } from "effect"
import { createTransport } from "nodemailer"
import { ServerConfig } from "../ServerConfig.js"
import type { MailSettings } from "./MailSettings.js"

export interface Mail {
  readonly to: string
  readonly subject: string
  /** Plain text. */
  readonly text: string
}

/** The mail server did not take a mail. */
class MailRefused extends Data.TaggedError("MailRefused")<{ readonly detail: string; readonly isFinal: boolean }> {
  override get message() {
    return this.detail
  }
}

/** Mails that wait to be sent; more than these are dropped, counted. */
const mostWaiting = 200

/** Milliseconds that the mail server may take for each step. */
const patience = 10_000

const retries = Schedule.exponential("2 seconds", 3).pipe(Schedule.intersect(Schedule.recurs(3)))

const mails = Metric.counter("vigil_mails_total", {
  description: "Mails by what became of them: sent, failed (after tries again), dropped (too many waited)",
  incremental: true
})

const count = (outcome: "sent" | "failed" | "dropped") => Metric.increment(Metric.tagged(mails, "outcome", outcome))

const transportOf = ({ host, login, port, security }: MailSettings) =>
  createTransport({
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    ...Option.match(login, {
      onNone: () => ({}),
      onSome: ({ password, username }) => ({ auth: { user: username, pass: Redacted.value(password) } })
    }),
    connectionTimeout: patience,
    greetingTimeout: patience,
    socketTimeout: patience,
    // Mails are made of texts of Vigil alone: nothing in them may name a file or an address to be read.
    disableFileAccess: true,
    disableUrlAccess: true
  })

/** RFC 5321 4.2.1: replies from 500 are final. */
const refusedBy = (error: unknown): MailRefused => {
  const code = typeof error === "object" && error !== null && "responseCode" in error ? Number(error.responseCode) : 0
  return new MailRefused({ detail: error instanceof Error ? error.message : String(error), isFinal: code >= 500 })
}

/** Connects, encrypts and signs in as for a mail, and sends none. */
export const checkMailServer = (settings: MailSettings): Effect.Effect<void, Error> =>
  Effect.acquireUseRelease(
    Effect.sync(() => transportOf(settings)),
    (transport) => Effect.asVoid(Effect.tryPromise({ try: () => transport.verify(), catch: refusedBy })),
    (transport) => Effect.sync(() => transport.close())
  )

/** Sends mails by the configured SMTP server (RFC 5321), later and in order; nobody waits for one. */
export class Mailer extends Context.Tag("@vigil/api/Mailer")<
  Mailer,
  {
    readonly isConfigured: boolean
    /** Does nothing where there is no mail server. */
    readonly post: (mail: Mail) => Effect.Effect<void>
  }
>() {
  static readonly layer: Layer.Layer<Mailer, never, ServerConfig> = Layer.scoped(
    Mailer,
    Effect.gen(function* () {
      const { mail: configured } = yield* ServerConfig
      if (Option.isNone(configured)) return Mailer.of({ isConfigured: false, post: () => Effect.void })
      const settings = configured.value
      const transport = yield* Effect.acquireRelease(
        Effect.sync(() => transportOf(settings)),
        (open) => Effect.sync(() => open.close())
      )
      const waiting = yield* Queue.dropping<Mail>(mostWaiting)

      const send = (mail: Mail) =>
        Effect.tryPromise({ try: () => transport.sendMail({ ...mail, from: settings.from }), catch: refusedBy }).pipe(
          Effect.retry({ schedule: retries, while: ({ isFinal }) => !isFinal }),
          Effect.zipRight(count("sent")),
          // The address is told to nobody: it is in the user's profile.
          Effect.catchTag("MailRefused", ({ detail }) =>
            Effect.zipRight(
              Effect.logWarning(`a mail was not taken by ${settings.host}:${settings.port}: ${detail.replaceAll(mail.to, "…")}`),
              count("failed")
            )
          )
        )

      yield* Queue.take(waiting).pipe(Effect.flatMap(send), Effect.forever, Effect.forkScoped)

      return Mailer.of({
        isConfigured: true,
        post: (mail) =>
          Effect.flatMap(Queue.offer(waiting, mail), (taken) =>
            taken ? Effect.void : Effect.zipRight(Effect.logWarning("a mail is dropped: too many wait"), count("dropped"))
          )
      })
    })
  )
}
