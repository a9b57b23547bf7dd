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

const isHere = (host: string): boolean => host === "localhost" || host === "::1" || host.startsWith("127.")

interface Typed extends Omit<MailSettings, "port" | "login" | "from"> {
  readonly username: Option.Option<string>
  readonly password: Option.Option<Redacted.Redacted>
}

const loginOf = ({
  host,
  password,
  security,
  username
}: Typed): Either.Either<MailSettings["login"], ConfigError.ConfigError> => {
  if (Option.isNone(username)) return Either.right(Option.none())
  if (Option.isNone(password))
    return Either.left(ConfigError.InvalidData(["VIGIL_SMTP_USERNAME"], "there is no VIGIL_SMTP_PASSWORD for it"))
  if (security === "none" && !isHere(host))
    return Either.left(ConfigError.InvalidData(["VIGIL_SMTP_SECURITY"], "a password is not sent to another machine without TLS"))
  return Either.right(Option.some({ username: username.value, password: password.value }))
}

/**
 * `VIGIL_SMTP_HOST` (no mail without it), `VIGIL_SMTP_SECURITY` (starttls), `VIGIL_SMTP_PORT` (465, 587 or 25 by the former), `VIGIL_SMTP_USERNAME`,
 * `VIGIL_SMTP_PASSWORD` or `VIGIL_SMTP_PASSWORD_FILE`, `VIGIL_SMTP_FROM` (vigil@ the host).
 */
export const mailSettings: Config.Config<Option.Option<MailSettings>> = Config.option(
  Config.all({
    host: Config.nonEmptyString("VIGIL_SMTP_HOST"),
    security: Config.withDefault(Config.literal(...securities)("VIGIL_SMTP_SECURITY"), "starttls" as const),
    port: Config.option(Config.port("VIGIL_SMTP_PORT")),
    username: Config.option(Config.nonEmptyString("VIGIL_SMTP_USERNAME")),
    password: Config.option(Config.orElse(Config.redacted("VIGIL_SMTP_PASSWORD"), () => fromFile)),
    from: Config.option(Config.nonEmptyString("VIGIL_SMTP_FROM"))
  })
).pipe(
  Config.mapOrFail((found) => {
    if (Option.isNone(found)) return Either.right(Option.none())
    const { from, host, port, security } = found.value
    return Either.map(loginOf(found.value), (login) =>
      Option.some({
        host,
        security,
        login,
        port: Option.getOrElse(port, () => defaultPorts[security]),
        from: Option.getOrElse(from, () => `Vigil <vigil@${host}>`)
      })
    )
  })
)
