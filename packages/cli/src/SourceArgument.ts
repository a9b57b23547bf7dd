import { Args, HelpDoc, Options } from "@effect/cli"
import { concealed, lacksSecrets } from "@vigil/core/AddressSecrets"
import { type Credentials, type SourceConfig, sourceConfig, type SourceError, type TlsTrust } from "@vigil/core/Source"
import { parseSourceUrl, publishedUrl } from "@vigil/core/SourceUrl"
import { Console, Effect, Either, Option, Redacted } from "effect"
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { readText, UsageError } from "./Output.js"
import { readPassword, readSecretLine } from "./PasswordInput.js"

/** An argument that is not an option somebody mistyped. */
export const word = (name: string, description: string) =>
  Args.text({ name }).pipe(
    Args.withDescription(description),
    Args.mapEffect((text) =>
      text !== "-" && text.startsWith("-") ? Effect.fail(HelpDoc.p(`there is no option ${text}`)) : Effect.succeed(text)
    )
  )

/** Who we are to a camera. */
export const credentialOptions = {
  username: Options.text("username").pipe(
    Options.optional,
    Options.withDescription("The camera's user; rather than in the URL.")
  ),
  passwordFile: Options.file("password-file", { exists: "yes" }).pipe(
    Options.optional,
    Options.withDescription("A file that holds the camera's password; keeps it out of the process list.")
  )
}

export interface CredentialOptions {
  readonly username: Option.Option<string>
  readonly passwordFile: Option.Option<string>
}

export const sourceOptions = {
  transport: Options.choice("transport", ["auto", "tcp", "udp"]).pipe(
    Options.optional,
    Options.withDescription("How RTP travels; auto tries TCP first.")
  ),
  insecure: Options.boolean("insecure").pipe(Options.withDescription("Do not check the camera's TLS certificate.")),
  ca: Options.file("ca", { exists: "yes" }).pipe(
    Options.optional,
    Options.withDescription("A PEM file with the CA that signed the camera's TLS certificate.")
  ),
  fingerprint: Options.text("fingerprint").pipe(
    Options.optional,
    Options.withDescription("SHA-256 of the camera's TLS certificate, in hex.")
  ),
  ...credentialOptions
}

export interface SourceOptions extends CredentialOptions {
  readonly transport: Option.Option<SourceConfig["transport"]>
  readonly insecure: boolean
  readonly ca: Option.Option<string>
  readonly fingerprint: Option.Option<string>
}

/** How far the certificate is trusted, where the options say so. */
export const trustOf = (options: SourceOptions): Effect.Effect<TlsTrust | undefined, UsageError> =>
  Effect.gen(function* () {
    const { ca, fingerprint, insecure } = options
    if (Number(insecure) + Number(Option.isSome(ca)) + Number(Option.isSome(fingerprint)) > 1)
      return yield* new UsageError({ detail: "take one of --insecure, --ca and --fingerprint" })
    if (Option.isSome(fingerprint)) return { mode: "fingerprint", sha256: fingerprint.value }
    if (Option.isSome(ca)) return { mode: "ca", pem: yield* readText(ca.value) }
    return insecure ? { mode: "insecure" } : undefined
  })

/** The camera's user, where one is named; the password is in a file, or typed where there is a terminal. */
export const credentialsOf = (options: CredentialOptions): Effect.Effect<Credentials | undefined, UsageError> =>
  Effect.gen(function* () {
    const { passwordFile, username } = options
    if (Option.isSome(username)) {
      const question = `Password of ${username.value} at the camera`
      return { username: username.value, password: yield* readPassword(passwordFile, question) }
    }
    return Option.isSome(passwordFile) ? yield* new UsageError({ detail: "--password-file needs --username" }) : undefined
  })

/** A word with a scheme is a URL; everything else is a file. */
const urlOf = (text: string): string => {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || text === publishedUrl) return text
  return text.startsWith("/dev/video") && existsSync(text) ? `v4l2://${text}` : pathToFileURL(resolve(text)).href
}

const inUserInformation =
  "the password in the address stood in the list of processes: take --username and --password-file, or - for the address and write it to standard input"
const inParameters =
  "the secret in the address stood in the list of processes: take - for the address and write it to standard input"

/** Other programs take a password in an address, so it is taken, too; but not without a word. */
const warnOfSecrets = (text: string) =>
  Either.match(parseSourceUrl(text), {
    onLeft: () => Effect.void,
    onRight: ({ credentials, url }) => {
      if (credentials !== undefined && Redacted.value(credentials.password) !== "")
        return Console.error(`vigil: ${inUserInformation}`)
      return concealed(url) === url || lacksSecrets(url) ? Effect.void : Console.error(`vigil: ${inParameters}`)
    }
  })

/** The address that is named on the command line, or on standard input: what is there, no list of processes shows. */
export const addressNamed = (text: string): Effect.Effect<string, UsageError> => {
  if (text === "-") return Effect.map(readSecretLine("Address"), urlOf)
  const url = urlOf(text)
  return Effect.as(warnOfSecrets(url), url)
}

/** The source that was named on the command line. */
export const sourceOf = (
  text: string,
  options: SourceOptions,
  rest: Partial<SourceConfig> = {}
): Effect.Effect<SourceConfig, SourceError | UsageError> =>
  Effect.gen(function* () {
    const parsed = yield* parseSourceUrl(yield* addressNamed(text))
    const credentials = (yield* credentialsOf(options)) ?? parsed.credentials
    return sourceConfig(parsed.url, {
      transport: Option.getOrElse(options.transport, () => "auto" as const),
      tls: (yield* trustOf(options)) ?? { mode: "system" },
      ...(credentials === undefined ? {} : { credentials }),
      ...rest
    })
  })
