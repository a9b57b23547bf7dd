import { Config, ConfigError, Either, Option, type Redacted, Redacted as Secret } from "effect"
import { readFileSync } from "node:fs"

/** How connections to the mail server are encrypted: from the first byte, by STARTTLS or not at all, or never. */
const securities = ["tls", "starttls", "none"] as const

/** The mail server that takes what Vigil sends. */
export interface MailSettings {
  readonly host: string
  readonly port: number
  readonly security: (typeof securities)[number]
  readonly login: Option.Option<{ readonly username: string; readonly password: Redacted.Redacted }>
  /** `Vigil <vigil@example.org>`. */
  readonly from: string
}

const defaultPorts = { tls: 465, starttls: 587, none: 25 } satisfies Record<MailSettings["security"], number>

const fromFile = Config.mapOrFail(Config.string("VIGIL_SMTP_PASSWORD_FILE"), (file) =>
  Either.try({
    try: () => Secret.make(readFileSync(file, "utf8").replace(/\r?\n$/, "")),
    catch: (error) => ConfigError.InvalidData(["VIGIL_SMTP_PASSWORD_FILE"], String(error))
  })
)

const login = Config.all({
  username: Config.string("VIGIL_SMTP_USERNAME"),
  password: Config.orElse(Config.redacted("VIGIL_SMTP_PASSWORD"), () => fromFile)
})

/**
 * `VIGIL_SMTP_HOST` (no mail without it), `VIGIL_SMTP_SECURITY` (starttls), `VIGIL_SMTP_PORT` (465, 587 or 25 by the former), `VIGIL_SMTP_USERNAME`,
 * `VIGIL_SMTP_PASSWORD` or `VIGIL_SMTP_PASSWORD_FILE`, `VIGIL_SMTP_FROM` (vigil@ the host).
 */
export const mailSettings: Config.Config<Option.Option<MailSettings>> = Config.option(
  Config.all({
    host: Config.nonEmptyString("VIGIL_SMTP_HOST"),
    security: Config.withDefault(Config.literal(...securities)("VIGIL_SMTP_SECURITY"), "starttls" as const),
    port: Config.option(Config.port("VIGIL_SMTP_PORT")),
    login: Config.option(login),
    from: Config.option(Config.nonEmptyString("VIGIL_SMTP_FROM"))
  })
).pipe(
  Config.map(
    Option.map(({ from, host, login, port, security }) => ({
      host,
      security,
      login,
      port: Option.getOrElse(port, () => defaultPorts[security]),
      from: Option.getOrElse(from, () => `Vigil <vigil@${host}>`)
    }))
  )
)
