import { Args, HelpDoc, Options } from "@effect/cli"
import { type SourceConfig, sourceConfig, type SourceError, type TlsTrust } from "@vigil/core/Source"
import { parseSourceUrl } from "@vigil/runtime/source/SourceUrl"
import { Effect, Option, Redacted } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"

/** An argument that is not an option somebody mistyped. */
export const word = (name: string, description: string) =>
  Args.text({ name }).pipe(
    Args.withDescription(description),
    Args.mapEffect((text) => (text.startsWith("-") ? Effect.fail(HelpDoc.p(`there is no option ${text}`)) : Effect.succeed(text)))
  )

export const sourceOptions = {
  transport: Options.choice("transport", ["auto", "tcp", "udp"]).pipe(
    Options.withDefault("auto"),
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
  username: Options.text("username").pipe(
    Options.optional,
    Options.withDescription("The camera's user; rather than in the URL.")
  ),
  passwordFile: Options.file("password-file", { exists: "yes" }).pipe(
    Options.optional,
    Options.withDescription("A file that holds the camera's password; keeps it out of the process list.")
  )
}

export type SourceOptions = {
  readonly transport: SourceConfig["transport"]
  readonly insecure: boolean
  readonly ca: Option.Option<string>
  readonly fingerprint: Option.Option<string>
  readonly username: Option.Option<string>
  readonly passwordFile: Option.Option<string>
}

const trustOf = (options: SourceOptions): TlsTrust => {
  if (Option.isSome(options.fingerprint)) return { mode: "fingerprint", sha256: options.fingerprint.value }
  if (Option.isSome(options.ca)) return { mode: "ca", pem: readFileSync(options.ca.value, "utf8") }
  return options.insecure ? { mode: "insecure" } : { mode: "system" }
}

/** A word with a scheme is a URL; everything else is a file. */
const urlOf = (text: string): string => {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text
  return text.startsWith("/dev/video") && existsSync(text) ? `v4l2://${text}` : pathToFileURL(resolve(text)).href
}

/** The source that was named on the command line. */
export const sourceOf = (
  text: string,
  options: SourceOptions,
  rest: Partial<SourceConfig> = {}
): Effect.Effect<SourceConfig, SourceError> =>
  Effect.map(parseSourceUrl(urlOf(text)), (parsed) => {
    const named = Option.map(options.username, (username) => ({
      username,
      password: Redacted.make(
        Option.match(options.passwordFile, { onNone: () => "", onSome: (file) => readFileSync(file, "utf8").trim() })
      )
    }))
    const credentials = Option.getOrElse(named, () => parsed.credentials)
    return sourceConfig(parsed.url, {
      transport: options.transport,
      tls: trustOf(options),
      ...(credentials === undefined ? {} : { credentials }),
      ...rest
    })
  })
