import { Command, Options } from "@effect/cli"
import { IdentityProvider, IdentityProviderPatch, NewIdentityProvider } from "@vigil/core/IdentityProvider"
import { Role } from "@vigil/core/User"
import { Console, Effect, Option, Schema } from "effect"
import { described } from "../Help.js"
import * as Server from "../operator/Server.js"
import { overHttp } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { decodeTyped, json, printJson, readText, table, UsageError } from "../Output.js"
import { word } from "../SourceArgument.js"
import { allProviders, providerNamed } from "../user/IdentityProviderReference.js"

const slugArgument = word("slug", "Its name in addresses, for example `head-office`.")

const text = (name: string, description: string) =>
  Options.text(name).pipe(Options.optional, Options.withDescription(description))

const settings = {
  name: text("name", "What stands on the button: Sign in with NAME."),
  issuer: text("issuer", "The provider's address, for example https://id.example.org/realms/staff."),
  clientId: text("client-id", "What the provider knows Vigil by."),
  clientSecretFile: Options.file("client-secret-file", { exists: "yes" }).pipe(
    Options.optional,
    Options.withDescription("A file that holds the secret that goes with it; none for a public client.")
  ),
  usernameClaim: text("username-claim", "The claim that is the user name; preferred_username by default."),
  roleClaim: text("role-claim", "The claim that holds roles or groups; dots lead into objects. `roles` by default."),
  roles: Options.text("role").pipe(
    Options.withPseudoName("value=role"),
    Options.repeated,
    Options.withDescription(
      "Which of its values gives which role, for example cctv-admins=admin; give it several times for several."
    )
  ),
  defaultRole: Options.choice("default-role", [...Role.literals, "none"]).pipe(
    Options.optional,
    Options.withDescription("The role of people with none of these values; none: they are not let in, the default.")
  ),
  scopes: Options.text("scope").pipe(
    Options.repeated,
    Options.withDescription("What Vigil asks the provider for; openid, profile and email by default.")
  ),
  createUsers: Options.choice("create-users", ["yes", "no"]).pipe(
    Options.optional,
    Options.withDescription("Whether whoever comes the first time gets an account; yes by default.")
  ),
  linkUsers: Options.choice("link-users", ["yes", "no"]).pipe(
    Options.optional,
    Options.withDescription("Whether whoever comes the first time gets the account of the same user name; no by default.")
  ),
  listed: Options.choice("listed", ["yes", "no"]).pipe(
    Options.optional,
    Options.withDescription("Whether everybody sees the button; no: it is at /login?provider=SLUG. Yes by default.")
  ),
  enabled: Options.choice("enabled", ["yes", "no"]).pipe(
    Options.optional,
    Options.withDescription("Whether it lets anybody in; yes by default.")
  )
}

type Given = Command.Command.ParseConfig<typeof settings>

const mapping = (typed: string) => {
  const at = typed.lastIndexOf("=")
  return at < 1
    ? Effect.fail(new UsageError({ detail: `--role takes VALUE=ROLE, for example cctv-admins=admin, not ${typed}` }))
    : Effect.succeed({ value: typed.slice(0, at), role: typed.slice(at + 1) })
}

const yes = Option.map((answer: "yes" | "no") => answer === "yes")

/** What was given of a provider, as the interface takes it. */
const payloadOf = (given: Given) =>
  Effect.gen(function* () {
    const secret = yield* Effect.transposeMapOption(given.clientSecretFile, readText)
    const roles = yield* Effect.forEach(given.roles, mapping)
    const fields: Readonly<Record<string, Option.Option<unknown>>> = {
      name: given.name,
      issuer: given.issuer,
      clientId: given.clientId,
      clientSecret: Option.map(secret, (typed) => typed.replace(/\r?\n$/, "")),
      usernameClaim: given.usernameClaim,
      roleClaim: given.roleClaim,
      roles: roles.length === 0 ? Option.none() : Option.some(roles),
      defaultRole: Option.map(given.defaultRole, (role) => (role === "none" ? null : role)),
      scopes: given.scopes.length === 0 ? Option.none() : Option.some(given.scopes),
      createUsers: yes(given.createUsers),
      linkUsers: yes(given.linkUsers),
      listed: yes(given.listed),
      enabled: yes(given.enabled)
    }
    const named = Object.entries(fields).flatMap(([key, value]) => (Option.isSome(value) ? [[key, value.value] as const] : []))
    return Object.fromEntries(named)
  })

const list = Command.make("list", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const providers = yield* allProviders
    if (options.json) return yield* printJson(Schema.Array(IdentityProvider))(providers)
    if (providers.length === 0)
      return yield* Console.error("There are no identity providers: `vigil identity-provider add` adds one.")
    const rows = providers.map(({ clientId, enabled, issuer, listed, name, roles, slug }) => [
      slug,
      name,
      issuer,
      clientId,
      roles.map(({ role, value }) => `${value}=${role}`).join(","),
      enabled ? (listed ? "yes" : "unlisted") : "no"
    ])
    yield* Console.log(table(["SLUG", "NAME", "ISSUER", "CLIENT", "ROLES", "ENABLED"], rows))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Where people sign in.", "vigil identity-provider list --json")))

const print = (options: { readonly json: boolean }, provider: IdentityProvider, sentence: string) =>
  options.json ? printJson(IdentityProvider)(provider) : Console.log(`${provider.name} ${sentence}.`)

const add = Command.make("add", { slug: slugArgument, ...settings, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const typed = { slug: options.slug, ...(yield* payloadOf(options)) }
    const payload = yield* decodeTyped(NewIdentityProvider, "the identity provider")(typed)
    const provider = yield* overHttp((http) => http.identityProviders.create({ payload }))
    yield* print(
      options,
      provider,
      `is added; \`vigil identity-provider check ${provider.slug}\` tells the redirect address to enter there`
    )
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Add an OpenID Connect provider: --name, --issuer and --client-id are needed.",
      'vigil identity-provider add office --name "Head office" --issuer https://id.example.org/realms/staff --client-id vigil --client-secret-file ./secret'
    )
  )
)

const change = Command.make("change", { slug: slugArgument, ...settings, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const payload = yield* decodeTyped(IdentityProviderPatch, "the identity provider")(yield* payloadOf(options))
    const { id } = yield* providerNamed(options.slug)
    const provider = yield* overHttp((http) => http.identityProviders.change({ path: { id }, payload }))
    yield* print(options, provider, "is changed")
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Change a provider; what is not named stays.",
      "vigil identity-provider change office --default-role viewer --listed no"
    )
  )
)

const remove = Command.make("remove", { slug: slugArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const provider = yield* providerNamed(options.slug)
    yield* overHttp((http) => http.identityProviders.remove({ path: { id: provider.id } }))
    yield* print(options, provider, "is removed; whoever came in through it keeps the account")
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Remove a provider.", "vigil identity-provider remove office")))

const check = Command.make("check", { slug: slugArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { id, name } = yield* providerNamed(options.slug)
    const found = yield* overHttp((http) => http.identityProviders.check({ path: { id } }))
    yield* options.json
      ? Console.log(JSON.stringify(found))
      : Console.log(`${name} answers; people sign in at ${found.authorizationEndpoint} and come back to ${found.redirectUri}.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Ask a provider for what it publishes of itself; tells the redirect address that it has to know.",
      "vigil identity-provider check office"
    )
  )
)

export const identityProviderCommand = Command.make("identity-provider").pipe(
  Command.withDescription("Where people sign in in place of Vigil: OpenID Connect providers."),
  Command.withSubcommands([list, add, change, remove, check])
)
