import { Args, Command, Options } from "@effect/cli"
import { NotSignedIn } from "@vigil/core/contract/Problem"
import { User } from "@vigil/core/User"
import { Console, DateTime, Effect, Option, type Redacted, Schema } from "effect"
import { described } from "../Help.js"
import * as Server from "../operator/Server.js"
import { overHttp } from "../operator/Server.js"
import { chosenProfile, serverOptions, serverUrl } from "../operator/ServerAccess.js"
import { CommandFailed, json, printJson, table, UsageError } from "../Output.js"
import { readLine, readPassword } from "../PasswordInput.js"
import {
  checkName,
  currentProfile,
  knownProfile,
  localName,
  profileNames,
  profileOf,
  readProfile,
  removeProfile,
  setCurrentProfile,
  withLock,
  writeProfile
} from "../profile/Profile.js"
import { signInByBrowser } from "../profile/BrowserSignIn.js"
import { askTokens, refusedBy } from "../profile/ProfileTokens.js"
import { word } from "../SourceArgument.js"

const SignedIn = Schema.Struct({ profile: Schema.NullOr(Schema.String), url: Schema.String, user: User })

const secretFile = (name: string, description: string) =>
  Options.file(name, { exists: "yes" }).pipe(Options.optional, Options.withDescription(description))

/** A profile is named after its server, where nothing else is said. */
const nameFor = (url: string): string => new URL(url).host.replaceAll(/[^a-z0-9.-]/gi, "-").replace(/^-+/, "")

const isLoopback = (url: string): boolean => /^(127\.|localhost$|\[::1\]$)/.test(new URL(url).hostname)

/** Whether the server wants a code too. */
const wantsCode = (error: unknown): boolean => error instanceof NotSignedIn && error.type.endsWith(":code-needed")

const begin = (url: string, username: string, password: Redacted.Redacted, codeFile: Option.Option<string>) => {
  const attempt = (code: Redacted.Redacted | undefined) =>
    askTokens(url, (tokens) => tokens.begin({ payload: { username, password, ...(code === undefined ? {} : { code }) } }))
  return Effect.gen(function* () {
    if (Option.isSome(codeFile)) return yield* attempt(yield* readPassword(codeFile, ""))
    return yield* Effect.catchIf(attempt(undefined), wantsCode, () =>
      Effect.flatMap(
        Effect.mapError(
          readPassword(Option.none(), "Code of your authenticator app, or a recovery code"),
          () => new UsageError({ detail: "a code of the authenticator app is needed too: take --code-file" })
        ),
        attempt
      )
    )
  }).pipe(Effect.mapError((error) => (error instanceof UsageError ? error : refusedBy(url)(error))))
}

const revoke = (url: string, refreshToken: Redacted.Redacted) =>
  askTokens(url, (tokens) => tokens.revoke({ payload: { refreshToken } })).pipe(
    Effect.catchAll((error) =>
      Console.error(`vigil: ${refusedBy(url)(error).message}; the session there ends by itself, or by \`vigil session revoke\``)
    )
  )

interface Typed {
  readonly username: Option.Option<string>
  readonly passwordFile: Option.Option<string>
  readonly codeFile: Option.Option<string>
}

const byPassword = (url: string, options: Typed) =>
  Effect.gen(function* () {
    const username = Option.isSome(options.username) ? options.username.value : yield* readLine(`User name at ${url}`)
    const password = yield* readPassword(options.passwordFile, `Password of ${username} at ${url}`)
    return yield* begin(url, username, password, options.codeFile)
  })

export const loginCommand = Command.make(
  "login",
  {
    url: word("url", "The server's address, for example https://vigil.example."),
    username: Options.text("username").pipe(Options.optional, Options.withDescription("Your user name; asked for by default.")),
    passwordFile: secretFile("password-file", "A file that holds the password; typed without an echo by default."),
    codeFile: secretFile(
      "code-file",
      "A file that holds a code of your authenticator app, or a recovery code; asked for by default."
    ),
    browser: Options.boolean("browser").pipe(
      Options.withDescription("Sign in at the page, in the browser of this machine: with an identity provider, for example.")
    ),
    profile: Options.text("profile").pipe(
      Options.withPseudoName("name"),
      Options.optional,
      Options.withDescription("What to call it here; the server's name by default.")
    ),
    json
  },
  (options) =>
    Effect.gen(function* () {
      const url = yield* serverUrl(options.url, "vigil login")
      const name = yield* checkName(Option.getOrElse(options.profile, () => nameFor(url)))
      if (url.startsWith("http:") && !isLoopback(url)) {
        yield* Console.error(`vigil: ${url} is not encrypted: whoever is on the way reads the password`)
      }
      const pair = yield* options.browser ? Effect.mapError(signInByBrowser(url), refusedBy(url)) : byPassword(url, options)
      const before = yield* Effect.orElseSucceed(readProfile(name), Option.none)
      yield* writeProfile(name, profileOf(url, pair))
      yield* setCurrentProfile(Option.some(name))
      if (Option.isSome(before)) yield* revoke(before.value.url, before.value.refreshToken)
      yield* options.json
        ? printJson(SignedIn)({ profile: name, url, user: pair.user })
        : Console.log(`Signed in at ${url} as ${pair.user.username} (${pair.user.role}), in the profile ${name}.`)
    })
).pipe(
  Command.withDescription(
    described(
      "Sign in to a Vigil elsewhere; commands speak to it from then on, until `vigil logout`.",
      "vigil login https://vigil.example --username anna",
      "vigil login https://north.example --browser --profile north"
    )
  )
)

/** The options, where they name no data folder and no server. */
const profileOption = { profile: serverOptions.profile, json }

const chosen = (profile: Option.Option<string>) =>
  Effect.flatMap(chosenProfile({ profile, data: Option.none(), url: Option.none() }), (found) =>
    Option.isSome(found)
      ? Effect.succeed(found.value)
      : Effect.fail(new CommandFailed({ detail: "there is no current profile: name one with --profile" }))
  )

export const logoutCommand = Command.make("logout", profileOption, (options) =>
  Effect.gen(function* () {
    const name = yield* checkName(yield* chosen(options.profile))
    const known = yield* Effect.option(knownProfile(name))
    yield* withLock(
      name,
      Effect.gen(function* () {
        if (Option.isSome(known)) yield* revoke(known.value.url, known.value.refreshToken)
        yield* removeProfile(name)
      })
    )
    yield* options.json ? Console.log("{}") : Console.log(`Signed out; the profile ${name} is gone.`)
  })
).pipe(
  Command.withDescription(
    described("End the session of a profile, and forget its tokens.", "vigil logout", "vigil logout --profile north")
  )
)

export const whoamiCommand = Command.make("whoami", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { profile = null, url } = yield* Server.Server
    const user = yield* overHttp((http) => http.session.me())
    yield* options.json
      ? printJson(SignedIn)({ profile, url, user })
      : Console.log(`${user.username} (${user.role}) at ${url}${profile === null ? "" : `, by the profile ${profile}`}`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Whom commands speak to, and in whose name.", "vigil whoami --json")))

const ListedProfile = Schema.Struct({
  name: Schema.String,
  url: Schema.String,
  username: Schema.String,
  current: Schema.Boolean,
  /** When the session ends that is not used until then. */
  endsAt: Schema.DateTimeUtc
})

const list = Command.make("list", { json }, (options) =>
  Effect.gen(function* () {
    const current = yield* currentProfile
    const profiles = yield* Effect.forEach(yield* profileNames, (name) =>
      Effect.map(knownProfile(name), ({ refreshExpiresAt, url, username }) => ({
        name,
        url,
        username,
        current: Option.contains(current, name),
        endsAt: refreshExpiresAt
      }))
    )
    if (options.json) return yield* printJson(Schema.Array(ListedProfile))(profiles)
    if (profiles.length === 0) return yield* Console.error("There are no profiles: `vigil login URL` makes one.")
    const rows = profiles.map((each) => [
      each.current ? "*" : "",
      each.name,
      each.url,
      each.username,
      DateTime.formatIsoDateUtc(each.endsAt)
    ])
    yield* Console.log(table(["", "NAME", "SERVER", "USER", "ENDS"], rows))
  })
).pipe(
  Command.withDescription(
    described("Servers that this machine's user is signed in to; * is the current one.", "vigil profile list --json")
  )
)

const use = Command.make(
  "use",
  {
    name: Args.text({ name: "name" }).pipe(Args.withDescription("A profile's name; `local` is the Vigil of this machine.")),
    json
  },
  ({ json: asJson, name }) =>
    Effect.gen(function* () {
      if (name !== localName) yield* knownProfile(yield* checkName(name))
      yield* setCurrentProfile(name === localName ? Option.none() : Option.some(name))
      if (asJson) return yield* Console.log(JSON.stringify({ profile: name }))
      yield* Console.log(
        name === localName ? "Commands speak to the Vigil of this machine." : `Commands use the profile ${name}.`
      )
    })
).pipe(
  Command.withDescription(
    described("Whom commands speak to where nothing else is named.", "vigil profile use north", "vigil profile use local")
  )
)

export const profileCommand = Command.make("profile").pipe(
  Command.withDescription("Servers by name, with their sessions: `vigil login` makes them."),
  Command.withSubcommands([list, use])
)
