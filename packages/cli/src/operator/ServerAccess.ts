import { Options } from "@effect/cli"
import { apiKeyPrefix } from "@vigil/core/ApiKey"
import { sessionCookie } from "@vigil/core/contract/api/SessionAuthentication"
import { Config, Effect, Option, Redacted } from "effect"
import type { SecureContextOptions } from "node:tls"
import { join } from "node:path"
import { dataFolder } from "../Installation.js"
import { UsageError } from "../Output.js"
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
  )
}

export interface ServerOptions {
  readonly data: Option.Option<string>
  readonly url: Option.Option<string>
}

/** The address of a server, and what shows it who we are. */
export interface ServerAccess {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly tls: SecureContextOptions & { readonly checkServerIdentity?: () => undefined }
  readonly version?: string
}

const remote = (text: string) =>
  Effect.gen(function* () {
    const url = /^https?:\/\/[^/?#@]+\/?$/i.exec(text)?.[0].replace(/\/$/, "")
    if (url === undefined)
      return yield* new UsageError({ detail: "--url takes the address of a Vigil, for example https://vigil.example" })
    const token = yield* Config.option(Config.redacted("VIGIL_TOKEN"))
    if (Option.isNone(token))
      return yield* new UsageError({ detail: "--url needs an API key or a session's token in the variable VIGIL_TOKEN" })
    if (Redacted.value(token.value).startsWith(apiKeyPrefix))
      return { url, headers: { authorization: `Bearer ${Redacted.value(token.value)}` }, tls: {} } satisfies ServerAccess
    const names = [sessionCookie.secure, sessionCookie.plain]
    const cookie = names.map((name) => `${name}=${Redacted.value(token.value)}`).join("; ")
    return { url, headers: { cookie }, tls: {} } satisfies ServerAccess
  })

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
        headers: { authorization: `Bearer ${Redacted.value(token)}` },
        tls: certificate === undefined ? {} : pinned(certificate),
        version
      })
    )
  )

/** Where to look for a server: either one elsewhere, or folders of this machine, the first that has one. */
export type ServerPlace =
  | { readonly _tag: "Remote"; readonly access: ServerAccess }
  | { readonly _tag: "Local"; readonly folder: string; readonly demo: string }

export const placeOf = (options: ServerOptions) =>
  Effect.gen(function* () {
    if (Option.isSome(options.url)) return { _tag: "Remote", access: yield* remote(options.url.value) } satisfies ServerPlace
    const folder = Option.isSome(options.data) ? options.data.value : yield* dataFolder
    return { _tag: "Local", folder, demo: join(folder, "demo") } satisfies ServerPlace
  })
