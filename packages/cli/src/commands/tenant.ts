import { Command } from "@effect/cli"
import { Tenant } from "@vigil/core/Tenant"
import { Console, DateTime, Effect, Schema } from "effect"
import * as Server from "../operator/Server.js"
import { overHttp } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { json, printJson, table } from "../Output.js"

const list = Command.make("list", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const tenants = yield* overHttp((http) => http.tenants.list())
    if (options.json) return yield* printJson(Schema.Array(Tenant))(tenants)
    const rows = tenants.map(({ cameras, createdAt, id, name, users }) => [
      name,
      String(cameras),
      String(users),
      DateTime.formatIsoDateUtc(createdAt),
      id
    ])
    yield* Console.log(table(["NAME", "CAMERAS", "USERS", "SINCE", "ID"], rows))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription("All tenants on the machine itself; elsewhere that of the administrator who asks."))

export const tenantCommand = Command.make("tenant").pipe(
  Command.withDescription("The tenants of the running Vigil."),
  Command.withSubcommands([list])
)
