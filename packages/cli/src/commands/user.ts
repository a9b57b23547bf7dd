import { Command, Options } from "@effect/cli"
import { MailAddress } from "@vigil/core/Account"
import { Role, User } from "@vigil/core/User"
import { Console, DateTime, Effect, Option, Schema } from "effect"
import { described } from "../Help.js"
import * as Server from "../operator/Server.js"
import { overHttp } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { decodeTyped, json, printJson, table } from "../Output.js"
import { readPassword } from "../PasswordInput.js"
import { word } from "../SourceArgument.js"
import { allUsers, userNamed } from "../user/UserReference.js"
import { accountCommands } from "./user/account.js"
import { grantCommand } from "./user/grant.js"

const nameArgument = word("name", "The user's name.")

const role = Options.choice("role", Role.literals).pipe(
  Options.withDescription("What the user may do; each role may do all that the ones after it may.")
)

const passwordFile = Options.file("password-file", { exists: "yes" }).pipe(
  Options.optional,
  Options.withDescription("A file that holds the password; typed without an echo by default.")
)

const list = Command.make("list", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const users = yield* allUsers
    if (options.json) return yield* printJson(Schema.Array(User))(users)
    if (users.length === 0) return yield* Console.error("There are no users yet: `vigil user add NAME --role admin` adds one.")
    const rows = users.map(({ createdAt, disabled, id, role: has, username }) => [
      username,
      has,
      disabled ? "no" : "yes",
      DateTime.formatIsoDateUtc(createdAt),
      id
    ])
    yield* Console.log(table(["NAME", "ROLE", "ENABLED", "SINCE", "ID"], rows))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Who may sign in.", "vigil user list --json")))

const email = Options.text("email").pipe(Options.optional, Options.withDescription("Where links for a password and warnings go."))

const invite = Options.boolean("invite").pipe(
  Options.withDescription("Set no password: a link to choose one is mailed to --email, good for three days.")
)

const add = Command.make("add", { name: nameArgument, role, email, invite, passwordFile, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const password = options.invite ? undefined : yield* readPassword(options.passwordFile, `Password of ${options.name}`)
    const address = Option.isNone(options.email)
      ? {}
      : { email: yield* decodeTyped(MailAddress, "the mail address")(options.email.value) }
    const user = yield* overHttp((http) =>
      http.users.create({
        payload: { username: options.name, role: options.role, ...address, ...(password === undefined ? {} : { password }) }
      })
    )
    const sent = options.invite ? "; a link to choose a password is on its way" : ""
    yield* options.json ? printJson(User)(user) : Console.log(`${user.username} is added, with the role ${user.role}${sent}.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Add a user.", "vigil user add anna --role admin", "vigil user add bert --role viewer --password-file ./password")
  )
)

const sendLink = Command.make("invite", { name: nameArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const user = yield* userNamed(options.name)
    yield* overHttp((http) => http.users.sendPasswordLink({ path: { id: user.id } }))
    yield* options.json ? printJson(User)(user) : Console.log(`A link to choose a password is on its way to ${user.username}.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Mail a user a link to choose a password, the first or another one; it is good for three days.",
      "vigil user invite carla --role operator --email carla@example.org"
    )
  )
)

const remove = Command.make("remove", { name: nameArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const user = yield* userNamed(options.name)
    yield* overHttp((http) => http.users.remove({ path: { id: user.id }, headers: {} }))
    yield* options.json ? printJson(User)(user) : Console.log(`${user.username} is removed.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Remove a user, and end all sessions of that user.", "vigil user remove bert")))

/** A change to a user who is named. */
const change = (options: { readonly name: string; readonly json: boolean }, sentence: string, payload: Change) =>
  Effect.gen(function* () {
    const { id } = yield* userNamed(options.name)
    const user = yield* overHttp((http) => http.users.change({ path: { id }, headers: {}, payload }))
    yield* options.json ? printJson(User)(user) : Console.log(`${user.username} ${sentence}.`)
  })

type Change = Parameters<Server.Http["users"]["change"]>[0]["payload"]

const newRole = Command.make("role", { name: nameArgument, role, ...serverOptions, json }, (options) =>
  change(options, `has the role ${options.role} now`, { role: options.role }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Give a user another role; ends all sessions of that user.", "vigil user role bert --role operator")
  )
)

const newPassword = Command.make("password", { name: nameArgument, passwordFile, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const password = yield* readPassword(options.passwordFile, `New password of ${options.name}`)
    yield* change(options, "has a new password", { password })
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Give a user another password; ends all sessions of that user.",
      "vigil user password bert --password-file ./password"
    )
  )
)

const switched = (name: "disable" | "enable", sentence: string, description: string) =>
  Command.make(name, { name: nameArgument, ...serverOptions, json }, (options) =>
    change(options, sentence, { disabled: name === "disable" }).pipe(Effect.provide(Server.layer(options)))
  ).pipe(Command.withDescription(described(description, `vigil user ${name} bert`)))

const disable = switched(
  "disable",
  "is disabled: nobody comes in as that user",
  "Let nobody in as a user, nor with the user's API keys, until the user is enabled again; ends all sessions of that user."
)

const enable = switched("enable", "is enabled again", "Let a user who was disabled in again.")

export const userCommand = Command.make("user").pipe(
  Command.withDescription("Who may sign in, and what they may do."),
  Command.withSubcommands([list, add, sendLink, remove, newRole, newPassword, disable, enable, ...accountCommands, grantCommand])
)
