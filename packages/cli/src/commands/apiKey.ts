import { Args, Command, Options } from "@effect/cli"
import { ApiKey, ApiKeyId, ApiKeyScope, MadeApiKey } from "@vigil/core/ApiKey"
import { Console, DateTime, Effect, Option, Schema } from "effect"
import { described } from "../Help.js"
import * as Server from "../operator/Server.js"
import { overHttp } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { decodeTyped, json, printJson, table, UsageError } from "../Output.js"
import { word } from "../SourceArgument.js"
import { durationOption } from "../TimeText.js"
import { userNamed } from "../user/UserReference.js"

const isNonEmpty = <A>(list: ReadonlyArray<A>): list is readonly [A, ...Array<A>] => list.length > 0

const create = Command.make(
  "create",
  {
    name: Args.text({ name: "name" }).pipe(Args.withDescription("Which program gets it.")),
    scopes: Options.choice("scope", ApiKeyScope.literals).pipe(
      Options.repeated,
      Options.withDescription("What the program may do; give it several times for several. `read` by default.")
    ),
    user: Options.text("user").pipe(
      Options.optional,
      Options.withDescription("Whose key it is, by name: a program does no more than that user may. Your own by default.")
    ),
    expires: durationOption("expires", "For how long it is valid (90d, 12h); until it is revoked by default."),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const me = yield* overHttp((http) => http.session.me())
      if (Option.isNone(options.user) && me.username === "operator" && Option.isNone(options.url))
        return yield* new UsageError({ detail: "name the user whose key it is: --user NAME" })
      const owner = yield* Effect.transposeMapOption(options.user, userNamed)
      const now = yield* DateTime.now
      const made = yield* overHttp((http) =>
        http.apiKeys.create({
          payload: {
            name: options.name,
            scopes: isNonEmpty(options.scopes) ? options.scopes : ["read"],
            ...Option.match(owner, { onNone: () => ({}), onSome: ({ id }) => ({ owner: id }) }),
            ...Option.match(options.expires, {
              onNone: () => ({}),
              onSome: (validity) => ({ expiresAt: DateTime.addDuration(now, validity) })
            })
          }
        })
      )
      if (options.json) return yield* printJson(MadeApiKey)(made)
      yield* Console.error(`The API key ${made.name} (${made.id}) of ${made.owner.username}. It is not told again.`)
      yield* Console.log(made.key)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Make a key that lets a program in, within its scopes.",
      'vigil api-key create "alarm panel" --scope read --scope operate --expires 90d'
    )
  )
)

const day = (at: DateTime.Utc | null, none: string): string => (at === null ? none : DateTime.formatIsoDateUtc(at))

const list = Command.make("list", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const keys = yield* overHttp((http) => http.apiKeys.list())
    if (options.json) return yield* printJson(Schema.Array(ApiKey))(keys)
    if (keys.length === 0) return yield* Console.error("There are no API keys: `vigil api-key create NAME` makes one.")
    const rows = keys.map(({ createdAt, expiresAt, hint, id, lastUsedAt, name, owner, scopes }) => [
      name,
      owner.username,
      scopes.join(","),
      `${hint}…`,
      day(createdAt, "-"),
      day(expiresAt, "never"),
      lastUsedAt === null ? "never" : DateTime.formatIso(lastUsedAt),
      id
    ])
    yield* Console.log(table(["NAME", "USER", "SCOPES", "KEY", "MADE", "ENDS", "USED", "ID"], rows))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Your own keys; all of them for administrators.", "vigil api-key list --json")))

const revoke = Command.make(
  "revoke",
  { id: word("id", "The key's id, as `list` tells it."), ...serverOptions, json },
  (options) =>
    Effect.gen(function* () {
      const id = yield* decodeTyped(ApiKeyId, "the id")(options.id)
      yield* overHttp((http) => http.apiKeys.revoke({ path: { id } }))
      yield* options.json ? Console.log("{}") : Console.error("Whoever has the key is not let in any more.")
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Take a key back; open connections of it close within seconds.",
      "vigil api-key revoke 3f2a8c11-0f5e-4f0c-9a51-7d1f7b1d2c33"
    )
  )
)

export const apiKeyCommand = Command.make("api-key").pipe(
  Command.withDescription("What lets programs in: API keys."),
  Command.withSubcommands([create, list, revoke])
)
