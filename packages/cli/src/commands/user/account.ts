import { Command, Options } from "@effect/cli"
import { Account, ProfileChange } from "@vigil/core/Account"
import { Console, Effect, Option } from "effect"
import { described } from "../../Help.js"
import * as Server from "../../operator/Server.js"
import { overHttp } from "../../operator/Server.js"
import { serverOptions } from "../../operator/ServerAccess.js"
import { decodeTyped, json, printJson, UsageError } from "../../Output.js"
import { readPassword } from "../../PasswordInput.js"
import { word } from "../../SourceArgument.js"
import { accountText } from "../../user/AccountText.js"
import { userNamed } from "../../user/UserReference.js"

const nameArgument = word("name", "The user's name.")

const fact = (name: string, description: string) =>
  Options.text(name).pipe(Options.optional, Options.withDescription(`${description}; - takes it away.`))

const profileOptions = {
  displayName: fact("display-name", "What the person is called"),
  email: fact("email", "Where links for a new password and warnings go"),
  language: fact("language", "Of mails, for example en or de")
}

type ProfileOptions = { readonly [Name in keyof typeof profileOptions]: Option.Option<string> }

const given = (option: Option.Option<string>) => Option.getOrUndefined(Option.map(option, (text) => (text === "-" ? null : text)))

/** What the options change; nothing is a mistake. */
const changeOf = ({ displayName, email, language }: ProfileOptions) =>
  Effect.gen(function* () {
    const typed = { displayName: given(displayName), email: given(email), language: given(language) }
    const change = Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== undefined))
    if (Object.keys(change).length === 0)
      return yield* new UsageError({ detail: "say what to change: --display-name, --email or --language" })
    return yield* decodeTyped(ProfileChange, "the profile")(change)
  })

const print = (options: { readonly json: boolean }, account: Account) =>
  options.json ? printJson(Account)(account) : Console.log(accountText(account))

const show = Command.make("show", { name: nameArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { id } = yield* userNamed(options.name)
    yield* print(options, yield* overHttp((http) => http.accounts.get({ path: { id } })))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Who a user is, how the user signs in, and whether the account is locked.", "vigil user show bert --json")
  )
)

const profile = Command.make("profile", { name: nameArgument, ...profileOptions, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const payload = yield* changeOf(options)
    const { id } = yield* userNamed(options.name)
    yield* print(options, yield* overHttp((http) => http.accounts.change({ path: { id }, payload })))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Change a user's name, mail address or language.",
      'vigil user profile bert --display-name "Bert B." --email bert@example.org --language de'
    )
  )
)

const release = Command.make("release", { name: nameArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { id, username } = yield* userNamed(options.name)
    yield* overHttp((http) => http.accounts.release({ path: { id } }))
    const account = yield* overHttp((http) => http.accounts.get({ path: { id } }))
    yield* options.json ? printJson(Account)(account) : Console.log(`${username} is not locked.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("End the lock of an account that was tried with wrong passwords too often.", "vigil user release bert")
  )
)

/** Subcommands of `vigil user`. */
export const accountCommands = [show, profile, release] as const

const own = Command.make("show", { ...serverOptions, json }, (options) =>
  Effect.flatMap(
    overHttp((http) => http.accounts.own()),
    (account) => print(options, account)
  ).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Who you are, and how you sign in.", "vigil account show --json")))

const passwordFile = Options.file("password-file", { exists: "yes" }).pipe(
  Options.optional,
  Options.withDescription("A file that holds your password, which another mail address needs; typed without an echo by default.")
)

const change = Command.make("set", { ...profileOptions, passwordFile, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const wanted = yield* changeOf(options)
    const { email, hasPassword } = yield* overHttp((http) => http.accounts.own())
    const isMoved = hasPassword && wanted.email !== undefined && wanted.email !== email
    const password = isMoved ? { password: yield* readPassword(options.passwordFile, "Your password") } : {}
    yield* print(options, yield* overHttp((http) => http.accounts.changeOwn({ payload: { ...wanted, ...password } })))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Change your name, mail address or language.",
      'vigil account set --display-name "Anna A." --email anna@example.org'
    )
  )
)

export const accountCommand = Command.make("account").pipe(
  Command.withDescription("Your own account."),
  Command.withSubcommands([own, change])
)
