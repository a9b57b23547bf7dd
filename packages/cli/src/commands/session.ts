import { Command, Options } from "@effect/cli"
import { OwnSession, SessionId } from "@vigil/core/Session"
import { Console, DateTime, Effect, Option, Schema } from "effect"
import { described } from "../Help.js"
import * as Server from "../operator/Server.js"
import { overHttp } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { decodeTyped, json, printJson, table } from "../Output.js"
import { word } from "../SourceArgument.js"
import { userNamed } from "../user/UserReference.js"

const user = Options.text("user").pipe(
  Options.withPseudoName("name"),
  Options.optional,
  Options.withDescription("Another user's; for administrators.")
)

const sessionsOf = (name: Option.Option<string>) =>
  Option.isNone(name)
    ? overHttp((http) => http.session.list())
    : Effect.flatMap(userNamed(name.value), ({ id }) =>
        overHttp((http) => http.userAccess.sessions({ path: { id } })).pipe(
          Effect.map((sessions) => sessions.map((session) => ({ ...session, current: false })))
        )
      )

const list = Command.make("list", { user, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const sessions = yield* sessionsOf(options.user)
    if (options.json) return yield* printJson(Schema.Array(OwnSession))(sessions)
    if (sessions.length === 0) return yield* Console.error("There are no sessions.")
    const rows = sessions.map(({ address, createdAt, current, expiresAt, id, kind, lastSeenAt, userAgent }) => [
      current ? "*" : "",
      kind,
      DateTime.formatIso(createdAt),
      DateTime.formatIso(lastSeenAt),
      DateTime.formatIsoDateUtc(expiresAt),
      address ?? "-",
      id,
      userAgent ?? "-"
    ])
    yield* Console.log(table(["", "KIND", "BEGUN", "USED", "ENDS", "FROM", "ID", "PROGRAM"], rows))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Where you are signed in, by browsers and by programs; * is this very session.",
      "vigil session list",
      "vigil session list --user bert --json"
    )
  )
)

const revoke = Command.make(
  "revoke",
  { id: word("id", "The session's id, as `list` tells it; `all` of a user's, with --user."), user, ...serverOptions, json },
  (options) =>
    Effect.gen(function* () {
      const owner = yield* Effect.transposeMapOption(options.user, userNamed)
      if (options.id === "all" && Option.isSome(owner)) {
        yield* overHttp((http) => http.userAccess.revokeSessions({ path: { id: owner.value.id } }))
      } else {
        const sessionId = yield* decodeTyped(SessionId, "the id")(options.id)
        yield* overHttp((http) =>
          Option.isSome(owner)
            ? http.userAccess.revokeSession({ path: { id: owner.value.id, sessionId } })
            : http.session.revoke({ path: { id: sessionId } })
        )
      }
      yield* options.json ? Console.log("{}") : Console.error("It has ended; open connections close within seconds.")
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "End a session.",
      "vigil session revoke 3f2a8c11-0f5e-4f0c-9a51-7d1f7b1d2c33",
      "vigil session revoke all --user bert"
    )
  )
)

export const sessionCommand = Command.make("session").pipe(
  Command.withDescription("Where people are signed in."),
  Command.withSubcommands([list, revoke])
)
