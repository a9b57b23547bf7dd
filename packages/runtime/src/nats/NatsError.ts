import { Data } from "effect"
import { ErrorCode, NatsError as ClientError } from "nats"

type Reason = "invalid-settings" | "unreachable" | "authentication" | "tls" | "no-answer"

/** NATS cannot be used as configured. `servers` holds no user information; `detail` says what to do. */
export class NatsError extends Data.TaggedError("NatsError")<{
  readonly reason: Reason
  readonly servers: string
  readonly detail: string
}> {
  override get message() {
    return `NATS ${this.servers}: ${this.detail}`
  }
}

const advice: Readonly<Record<Exclude<Reason, "invalid-settings">, string>> = {
  unreachable: "check that nats-server runs there and that VIGIL_NATS_URL is right",
  authentication:
    "check VIGIL_NATS_USER and VIGIL_NATS_PASSWORD, or the files of VIGIL_NATS_NKEY or VIGIL_NATS_CREDENTIALS, against the server's configuration",
  tls: "check VIGIL_NATS_TLS_CA, VIGIL_NATS_TLS_CERT and VIGIL_NATS_TLS_KEY against the server's configuration",
  "no-answer":
    "check that it is a NATS server, that it is not stopped, and whether it asks for a certificate (VIGIL_NATS_TLS_CERT)"
}

const authenticationCodes: ReadonlyArray<string> = [
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AuthenticationTimeout,
  ErrorCode.AccountExpired,
  ErrorCode.BadAuthentication,
  ErrorCode.BadCreds
]

const codeOf = (error: unknown): string => {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code
  return ""
}

const isTls = (code: string): boolean =>
  /^(ERR_(TLS|SSL|OSSL)|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|HOSTNAME_)/.test(code)

/** What the client's error means to somebody who has to mend it. */
export const connectError = (servers: string, error: unknown): NatsError => {
  const fail = (reason: Exclude<Reason, "invalid-settings">, what: string) =>
    new NatsError({ reason, servers, detail: `${what}: ${advice[reason]}` })
  const chained = error instanceof ClientError ? error.chainedError : undefined
  const code = codeOf(error)
  const inner = codeOf(chained)
  if (authenticationCodes.includes(code)) return fail("authentication", "the server refused the credentials")
  if (code === ErrorCode.Tls || code === ErrorCode.ServerOptionNotAvailable || isTls(code) || isTls(inner)) {
    return fail("tls", `TLS failed (${isTls(inner) ? inner : code})`)
  }
  if (code === ErrorCode.Timeout) return fail("no-answer", "no answer in time")
  if (code === ErrorCode.ConnectionRefused) return fail("unreachable", "connection refused")
  return fail("unreachable", `no connection (${code === "" ? "the server closed it" : code})`)
}
