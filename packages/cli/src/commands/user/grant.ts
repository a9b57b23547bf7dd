import { Command, Options } from "@effect/cli"
import { type Grants, UserGrants } from "@vigil/core/Grants"
import type { PlaceId, UserId } from "@vigil/core/Ids"
import { Console, Effect, Schema } from "effect"
import { described } from "../../Help.js"
import * as Server from "../../operator/Server.js"
import { overHttp } from "../../operator/Server.js"
import { serverOptions } from "../../operator/ServerAccess.js"
import { CommandFailed, json, printJson, table, UsageError } from "../../Output.js"
import { listPlaces, placeNamed } from "../../PlaceReference.js"
import { word } from "../../SourceArgument.js"
import { userNamed } from "../../user/UserReference.js"

const nameArgument = word("name", "The user's name.")

const placeOption = Options.text("place").pipe(
  Options.repeated,
  Options.withDescription("A place, with all below it: its path, as North/Hall 2, or its id. Give it several times for several.")
)

const groupOption = Options.text("group").pipe(
  Options.repeated,
  Options.withDescription("A group of cameras. Give it several times for several.")
)

const ShownGrants = Schema.Struct({ ...UserGrants.fields, username: Schema.String })

interface Shown {
  readonly username: string
  readonly json: boolean
}

const rowsOf = ({ groups, places }: Grants) =>
  Effect.gen(function* () {
    const paths = new Map((places.length === 0 ? [] : yield* listPlaces).map(({ path, place }) => [place.id, path]))
    return [...places.map((id) => ["place", paths.get(id) ?? id]), ...groups.map((group) => ["group", group])]
  })

const show = ({ json: asJson, username }: Shown, grants: UserGrants) =>
  Effect.gen(function* () {
    if (asJson) return yield* printJson(ShownGrants)({ ...grants, username })
    const rows = yield* rowsOf(grants)
    if (rows.length === 0) return yield* Console.log(`${username} is not limited: all cameras are in reach.`)
    yield* Console.log(table(["LIMITED TO", "NAME"], rows))
    if (!grants.limited) yield* Console.error(`${username} is an administrator, and not limited for as long as that lasts.`)
  })

const grantsOf = (id: UserId) => overHttp((http) => http.grants.get({ path: { id } }))

/** In place of those that were read, and of no others. */
const setGrants = (id: UserId, { groups, places }: Grants, { revision }: UserGrants) =>
  overHttp((http) => http.grants.set({ path: { id }, headers: { "if-match": `"${revision}"` }, payload: { groups, places } }))

const list = Command.make("list", { name: nameArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { id, username } = yield* userNamed(options.name)
    yield* show({ username, json: options.json }, yield* grantsOf(id))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("What a user is limited to.", "vigil user grant list bert")))

const named = { name: nameArgument, places: placeOption, groups: groupOption, ...serverOptions, json }

interface Named {
  readonly name: string
  readonly places: ReadonlyArray<string>
  readonly groups: ReadonlyArray<string>
  readonly json: boolean
}

/** Changes the grants of a named user by places and groups that are named. */
const change = (
  options: Named,
  changed: (grants: Grants, places: ReadonlyArray<PlaceId>) => Effect.Effect<Grants, CommandFailed>
) =>
  Effect.gen(function* () {
    if (options.places.length + options.groups.length === 0)
      return yield* new UsageError({ detail: "name a place (--place) or a group (--group)" })
    const { id, username } = yield* userNamed(options.name)
    const places = yield* Effect.forEach(options.places, (text) => Effect.map(placeNamed(text), ({ place }) => place.id))
    const before = yield* grantsOf(id)
    const after = yield* changed(before, places)
    yield* show({ username, json: options.json }, yield* setGrants(id, after, before))
  })

const add = Command.make("add", named, (options) =>
  change(options, (grants, places) =>
    Effect.succeed({
      places: [...new Set([...grants.places, ...places])],
      groups: [...new Set([...grants.groups, ...options.groups])]
    })
  ).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Limit a user to places and groups, besides those that the user is limited to already.",
      'vigil user grant add bert --place "North/Hall 2" --group doors'
    )
  )
)

const remove = Command.make("remove", named, (options) =>
  change(options, (grants, places) => {
    const left = {
      places: grants.places.filter((place) => !places.includes(place)),
      groups: grants.groups.filter((group) => !options.groups.includes(group))
    }
    return left.places.length + left.groups.length > 0
      ? Effect.succeed(left)
      : new CommandFailed({
          detail: `nothing would be left, and ${options.name} would see everything: if that is meant, \`vigil user grant clear ${options.name}\``
        })
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Take places and groups back; the last one only by `clear`.", "vigil user grant remove bert --group doors")
  )
)

const clear = Command.make("clear", { name: nameArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { id, username } = yield* userNamed(options.name)
    yield* show({ username, json: options.json }, yield* setGrants(id, { places: [], groups: [] }, yield* grantsOf(id)))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Limit a user no more: all cameras are in reach.", "vigil user grant clear bert")))

export const grantCommand = Command.make("grant").pipe(
  Command.withDescription("The places and groups that a user's cameras are limited to."),
  Command.withSubcommands([list, add, remove, clear])
)
