import { Command, Options } from "@effect/cli"
import { LicenceStanding, unlimitedLicence } from "@vigil/core/Licence"
import { Tenant, type TenantPatch } from "@vigil/core/Tenant"
import { Console, DateTime, Effect, Schema } from "effect"
import { described } from "../Help.js"
import * as Server from "../operator/Server.js"
import { overHttp } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { json, printJson, table } from "../Output.js"
import { readPassword } from "../PasswordInput.js"
import { word } from "../SourceArgument.js"
import { changesLicence, licenceOptions, licenceText, licenceWith } from "../tenant/LicenceOptions.js"
import { allTenants, tenantArgument, tenantNamed } from "../tenant/TenantReference.js"

const list = Command.make("list", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const tenants = yield* allTenants
    if (options.json) return yield* printJson(Schema.Array(Tenant))(tenants)
    const rows = tenants.map(({ cameras, createdAt, id, licence, name, suspended, users }) => [
      name,
      suspended ? "suspended" : "active",
      licence,
      String(cameras),
      String(users),
      DateTime.formatIsoDateUtc(createdAt),
      id
    ])
    yield* Console.log(table(["NAME", "STATE", "LICENCE", "CAMERAS", "USERS", "SINCE", "ID"], rows))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("All tenants on the machine itself; elsewhere that of the administrator who asks.", "vigil tenant list --json")
  )
)

const add = Command.make(
  "add",
  {
    name: word("name", "The tenant's name."),
    admin: Options.text("admin").pipe(Options.withDescription("The user name of its administrator, who adds the other users.")),
    passwordFile: Options.file("password-file", { exists: "yes" }).pipe(
      Options.optional,
      Options.withDescription("A file that holds the administrator's password; typed without an echo by default.")
    ),
    ...licenceOptions,
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const licence = yield* licenceWith(unlimitedLicence, options)
      const password = yield* readPassword(options.passwordFile, `Password of ${options.admin}`)
      const tenant = yield* overHttp((http) =>
        http.tenants.create({ payload: { name: options.name, administrator: { username: options.admin, password }, licence } })
      )
      yield* options.json
        ? printJson(Tenant)(tenant)
        : Console.log(`The tenant ${tenant.name} is added, with ${options.admin} as its administrator.`)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Add a tenant with its first administrator. Without limits given, it may use everything.",
      'vigil tenant add "Acme Ltd" --admin zoe --cameras 50 --until 2027-12-31 --models yolox-nano,yolox-s'
    )
  )
)

/** A change to a tenant that is named. */
const change = (options: { readonly tenant: string; readonly json: boolean }, sentence: string, payload: TenantPatch) =>
  Effect.gen(function* () {
    const { id, name } = yield* tenantNamed(options.tenant)
    const tenant = yield* overHttp((http) => http.tenants.change({ path: { id }, payload }))
    yield* options.json ? printJson(Tenant)(tenant) : Console.log(`${name} ${sentence}.`)
  })

const rename = Command.make(
  "rename",
  { tenant: tenantArgument, name: word("name", "Its new name."), ...serverOptions, json },
  (options) => change(options, `is named ${options.name} now`, { name: options.name }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Give a tenant another name.", 'vigil tenant rename "Acme Ltd" Acme')))

const suspend = Command.make("suspend", { tenant: tenantArgument, ...serverOptions, json }, (options) =>
  change(options, "is suspended: its cameras stop, and nobody of it is let in", { suspended: true }).pipe(
    Effect.provide(Server.layer(options))
  )
).pipe(
  Command.withDescription(
    described(
      "Stop a tenant's cameras, and let none of its people and programs in, until it is resumed.",
      "vigil tenant suspend Acme"
    )
  )
)

const resume = Command.make("resume", { tenant: tenantArgument, ...serverOptions, json }, (options) =>
  change(options, "goes on", { suspended: false }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Let a suspended tenant go on, as it was.", "vigil tenant resume Acme")))

const remove = Command.make("remove", { tenant: tenantArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const tenant = yield* tenantNamed(options.tenant)
    yield* overHttp((http) => http.tenants.remove({ path: { id: tenant.id } }))
    yield* options.json
      ? printJson(Tenant)(tenant)
      : Console.log(`${tenant.name} is removed; what it had is being deleted. Its audit trail stays in the database.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Remove a suspended tenant for good: its users, cameras, events and all else.", "vigil tenant remove Acme")
  )
)

const licence = Command.make("licence", { tenant: tenantArgument, ...licenceOptions, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { id } = yield* tenantNamed(options.tenant)
    const [current, { headers: shown }] = yield* overHttp((http) => http.tenants.licence({ path: { id }, withResponse: true }))
    const standing = changesLicence(options)
      ? yield* Effect.flatMap(licenceWith(current.licence, options), (payload) =>
          overHttp((http) => http.tenants.setLicence({ path: { id }, headers: { "if-match": shown["etag"] }, payload }))
        )
      : current
    yield* options.json ? printJson(LicenceStanding)(standing) : Console.log(licenceText(standing))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "What a tenant may use, and how much it does; with options, set those limits and keep the others.",
      'vigil tenant licence "Acme Ltd" --cameras 80 --until 2028-12-31'
    )
  )
)

export const tenantCommand = Command.make("tenant").pipe(
  Command.withDescription("The tenants of the running Vigil, and their licences."),
  Command.withSubcommands([list, add, rename, suspend, resume, remove, licence])
)
