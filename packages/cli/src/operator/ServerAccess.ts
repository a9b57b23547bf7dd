import { Options } from "@effect/cli"
import { apiKeyPrefix } from "@vigil/core/ApiKey"
import { sessionCookie } from "@vigil/core/contract/api/SessionAuthentication"
import { Config, Effect, Option, Redacted } from "effect"
import type { SecureContextOptions } from "node:tls"
import { join } from "node:path"
import { dataFolder } from "../Installation.js"
import { type CommandFailed, UsageError } from "../Output.js"
import { currentProfile, knownProfile, localName } from "../profile/Profile.js"
import { accessTokenOf } from "../profile/ProfileTokens.js"
import { readOperatorFile } from "./OperatorFile.js"

/** Options of every command that speaks to a running server. */
export const serverOptions = {
  data: Options.text("data").pipe(
    Options.withPseudoName("folder"),
    Options.optional,
    Options.withDescription("The data folder of the Vigil on this machine; VIGIL_DATA, else ~/.vigil, by default.")
  ),
  url: Options.text("url").pipe(
    Options.optional,
    Options.withDescription("A Vigil elsewhere (https://host), with an API key or a session's token in the variable VIGIL_TOKEN.")
  ),
  profile: Options.text("profile").pipe(
    Options.withPseudoName("name"),
    Options.optional,
    Options.withDescription("A Vigil that `vigil login` has signed in to; VIGIL_PROFILE, else the current profile, by default.")
  )
}

export interface ServerOptions {
  readonly data: Option.Option<string>
  readonly url: Option.Option<string>
  readonly profile: Option.Option<string>
}

/** The address of a server, and what shows it who we are. */
export interface ServerAccess {
  readonly url: string
  /** Asked for each request: access tokens end while a command goes on. */
  readonly headers: Effect.Effect<Readonly<Record<string, string>>, CommandFailed>
  /** Where the credentials are from, for people. */
  readonly from: string
  readonly profile?: string
  readonly tls: SecureContextOptions & { readonly checkServerIdentity?: () => undefined }
  readonly version?: string
}

/** The address of a server, as it is typed. */
export const serverUrl = (text: string, what: string): Effect.Effect<string, UsageError> => {
  const url = /^https?:\/\/[^/?#@]+\/?$/i.exec(text)?.[0].replace(/\/$/, "")
  return url === undefined
    ? new UsageError({ detail: `${what} takes the address of a Vigil, for example https://vigil.example` })
    : Effect.succeed(url)
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const remote = (text: string) =>
  Effect.gen(function* () {
    const url = yield* serverUrl(text, "--url")
    const token = yield* Config.option(Config.redacted("VIGIL_TOKEN"))
    if (Option.isNone(token))
      return yield* new UsageError({ detail: "--url needs an API key or a session's token in the variable VIGIL_TOKEN" })
    const secret = Redacted.value(token.value)
    const names = [sessionCookie.secure, sessionCookie.plain]
    const isCookie = !secret.startsWith(apiKeyPrefix) && !secret.includes(".")
    const headers = isCookie ? { cookie: names.map((name) => `${name}=${secret}`).join("; ") } : bearer(secret)
    return { url, headers: Effect.succeed(headers), from: "VIGIL_TOKEN", tls: {} } satisfies ServerAccess
  })

const ofProfile = (name: string) =>
  Effect.map(
    knownProfile(name),
    ({ url }): ServerAccess => ({
      url,
      headers: Effect.map(accessTokenOf(name), bearer),
      from: `the profile ${name}`,
      profile: name,
      tls: {}
    })
  )

/** The server whose certificate is in the data folder is the right one, whatever name it is made for. */
const pinned = (certificate: string): ServerAccess["tls"] => ({
  ca: certificate,
  allowPartialTrustChain: true,
  checkServerIdentity: () => undefined
})

/** A server that uses this data folder now, or used it when it was killed. */
export const localAccess = (folder: string) =>
  Effect.map(
    readOperatorFile(folder),
    Option.map(
      ({ certificate, token, url, version }): ServerAccess => ({
        url,
        headers: Effect.succeed(bearer(Redacted.value(token))),
        from: "the operator's file",
        tls: certificate === undefined ? {} : pinned(certificate),
        version
      })
    )
  )

/** Where to look for a server: either one elsewhere, or folders of this machine, the first that has one. */
export type ServerPlace =
  | { readonly _tag: "Remote"; readonly access: ServerAccess }
  | { readonly _tag: "Local"; readonly folder: string; readonly demo: string }

/** The profile that is to be used: the one that is named; the current one, unless a data folder is named. */
export const chosenProfile = (options: ServerOptions) =>
  Effect.gen(function* () {
    if (Option.isSome(options.profile)) return options.profile
    if (Option.isSome(options.data)) return Option.none<string>()
    const variable = yield* Config.option(Config.nonEmptyString("VIGIL_PROFILE"))
    if (Option.isSome(variable)) return variable
    const folder = yield* Config.option(Config.nonEmptyString("VIGIL_DATA"))
    return Option.isSome(folder) ? Option.none<string>() : yield* currentProfile
  }).pipe(Effect.map(Option.filter((name) => name !== localName)))

export const placeOf = (options: ServerOptions) =>
  Effect.gen(function* () {
    const wheres = [options.url, options.profile, options.data].filter(Option.isSome)
    if (wheres.length > 1) return yield* new UsageError({ detail: "take one of --url, --profile and --data" })
    if (Option.isSome(options.url)) return { _tag: "Remote", access: yield* remote(options.url.value) } satisfies ServerPlace
    const profile = yield* chosenProfile(options)
    if (Option.isSome(profile)) return { _tag: "Remote", access: yield* ofProfile(profile.value) } satisfies ServerPlace
    const folder = Option.isSome(options.data) ? options.data.value : yield* dataFolder
    return { _tag: "Local", folder, demo: join(folder, "demo") } satisfies ServerPlace
  })
