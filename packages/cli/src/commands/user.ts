import { Command, Options } from "@effect/cli"
import { Role, User } from "@vigil/core/User"
import { Console, DateTime, Effect, Schema } from "effect"
import * as Server from "../operator/Server.js"
import { overHttp } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { json, printJson, table } from "../Output.js"
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
    const rows = users.map(({ createdAt, id, role: has, username }) => [username, has, DateTime.formatIsoDateUtc(createdAt), id])
    yield* Console.log(table(["NAME", "ROLE", "SINCE", "ID"], rows))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription("Who may sign in."))

const add = Command.make("add", { name: nameArgument, role, passwordFile, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const password = yield* readPassword(options.passwordFile, `Password of ${options.name}`)
    const user = yield* overHttp((http) =>
      http.users.create({ payload: { username: options.name, role: options.role, password } })
    )
    yield* options.json ? printJson(User)(user) : Console.log(`${user.username} is added, with the role ${user.role}.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription("Add a user."))

const remove = Command.make("remove", { name: nameArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const user = yield* userNamed(options.name)
    yield* overHttp((http) => http.users.remove({ path: { id: user.id } }))
    yield* options.json ? printJson(User)(user) : Console.log(`${user.username} is removed.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription("Remove a user, and end all sessions of that user."))

/** A change to a user who is named. */
const change = (options: { readonly name: string; readonly json: boolean }, sentence: string, payload: Change) =>
  Effect.gen(function* () {
    const { id } = yield* userNamed(options.name)
    const user = yield* overHttp((http) => http.users.change({ path: { id }, payload }))
    yield* options.json ? printJson(User)(user) : Console.log(`${user.username} ${sentence}.`)
  })

type Change = Parameters<Server.Http["users"]["change"]>[0]["payload"]

const newRole = Command.make("role", { name: nameArgument, role, ...serverOptions, json }, (options) =>
  change(options, `has the role ${options.role} now`, { role: options.role }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription("Give a user another role; ends all sessions of that user."))

const newPassword = Command.make("password", { name: nameArgument, passwordFile, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const password = yield* readPassword(options.passwordFile, `New password of ${options.name}`)
    yield* change(options, "has a new password", { password })
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription("Give a user another password; ends all sessions of that user."))

export const userCommand = Command.make("user").pipe(
  Command.withDescription("Who may sign in, and what they may do."),
  Command.withSubcommands([list, add, remove, newRole, newPassword, ...accountCommands, grantCommand])
)
