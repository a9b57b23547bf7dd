import { Data, Either, Option, Predicate, Schema } from "effect"
import { MailAddress } from "./Account.js"
import { TenantId } from "./Ids.js"
import { PlainName, Prose } from "./PlainText.js"
import { SecretText } from "./SecretText.js"
import { Role, User } from "./User.js"

export const IdentityProviderId = Schema.UUID.pipe(Schema.brand("IdentityProviderId"))
export type IdentityProviderId = typeof IdentityProviderId.Type

/** A provider's name in addresses, unique in the installation. */
const ProviderSlug = Schema.String.pipe(Schema.pattern(/^[a-z0-9][a-z0-9-]{0,62}$/)).annotations({
  identifier: "ProviderSlug"
})

/** A claim by its name, or by its way through objects with dots between, for example `realm_access.roles`. */
const ClaimName = Schema.String.pipe(Schema.pattern(/^[!-~]{1,200}$/)).annotations({ identifier: "ClaimName" })

const settings = {
  slug: ProviderSlug,
  /** What stands on the button: "Sign in with …". */
  name: PlainName(100),
  /** OpenID Connect Discovery 1.0: its settings are below `/.well-known/openid-configuration`. */
  issuer: Schema.String.pipe(Schema.maxLength(500), Schema.pattern(/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/)),
  clientId: Schema.String.pipe(Schema.pattern(/^[ -~]{1,255}$/)),
  scopes: Schema.Array(Schema.String.pipe(Schema.pattern(/^[!#-[\]-~]{1,100}$/))).pipe(Schema.maxItems(20)),
  /** Who somebody is when he comes the first time. */
  usernameClaim: ClaimName,
  /** Holds one value or several, which `roles` translates. */
  roleClaim: ClaimName,
  roles: Schema.Array(Schema.Struct({ value: Prose(200), role: Role })).pipe(Schema.maxItems(100)),
  /** The role of people with none of those values; null: they are not let in. */
  defaultRole: Schema.NullOr(Role),
  /** Whether whoever comes the first time gets an account. */
  createUsers: Schema.Boolean,
  /** Whether whoever comes the first time gets the tenant's account of that username, where there is one. */
  linkUsers: Schema.Boolean,
  /** Whether everybody sees it on the page for signing in; else it is there at `/login?provider=SLUG`. */
  listed: Schema.Boolean,
  enabled: Schema.Boolean
}

/** Where people of a tenant sign in in place of Vigil: OpenID Connect Core 1.0, authorization code flow with PKCE. */
export class IdentityProvider extends Schema.Class<IdentityProvider>("IdentityProvider")({
  id: IdentityProviderId,
  tenantId: TenantId,
  ...settings,
  hasClientSecret: Schema.Boolean,
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
}) {}

const ClientSecret = SecretText(1024, 1)

const withDefault = <A, I>(schema: Schema.Schema<A, I>, value: () => NoInfer<A>) =>
  Schema.optionalWith(schema, { default: value })

export const NewIdentityProvider = Schema.Struct({
  ...settings,
  scopes: withDefault(settings.scopes, () => ["openid", "profile", "email"]),
  usernameClaim: withDefault(settings.usernameClaim, () => "preferred_username"),
  roleClaim: withDefault(settings.roleClaim, () => "roles"),
  roles: withDefault(settings.roles, () => []),
  defaultRole: withDefault(settings.defaultRole, () => null),
  createUsers: withDefault(settings.createUsers, () => true),
  linkUsers: withDefault(settings.linkUsers, () => false),
  listed: withDefault(settings.listed, () => true),
  enabled: withDefault(settings.enabled, () => true),
  /** None: a public client. */
  clientSecret: Schema.optional(ClientSecret)
}).annotations({ identifier: "NewIdentityProvider" })
export type NewIdentityProvider = typeof NewIdentityProvider.Type

export const IdentityProviderPatch = Schema.partial(
  Schema.Struct({ ...settings, clientSecret: Schema.NullOr(ClientSecret) })
).annotations({ identifier: "IdentityProviderPatch" })
export type IdentityProviderPatch = typeof IdentityProviderPatch.Type

/** Hours after which somebody who came in through a provider is to come through it again, so that whom it lets go is gone here too. */
export const providerSessionHours = 12

/** A provider as the page for signing in shows it. */
export const ProviderButton = Schema.Struct({ slug: ProviderSlug, name: settings.name }).annotations({
  identifier: "ProviderButton"
})
export type ProviderButton = typeof ProviderButton.Type

/** Whom a provider says somebody is, as Vigil takes it. */
export interface Admission {
  readonly subject: string
  readonly username: string
  readonly role: Role
  readonly displayName: string | null
  readonly email: string | null
}

/** The provider knows the person, and Vigil does not let it in all the same. */
export class AdmissionRefused extends Data.TaggedError("AdmissionRefused")<{
  readonly reason: "no-subject" | "no-username" | "no-role" | "no-account" | "username-taken" | "disabled"
}> {
  override get message() {
    return refusals[this.reason]
  }
}

const refusals: Readonly<Record<AdmissionRefused["reason"], string>> = {
  "no-subject": "the identity provider did not say who it is",
  "no-username": "the identity provider did not give a user name that can be used",
  "no-role": "none of the roles that the identity provider gave may use Vigil",
  "no-account": "there is no account for this person, and the identity provider may not make one",
  "username-taken": "the user name is another account's",
  disabled: "the account is disabled"
}

type Claims = Readonly<Record<string, unknown>>

/** The value of a claim: of one that is so named, else of the way through objects. */
const claim = (claims: Claims, name: string): unknown => {
  if (Object.hasOwn(claims, name)) return claims[name]
  let value: unknown = claims
  for (const key of name.split(".")) {
    if (!Predicate.isReadonlyRecord(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}

const textsOf = (value: unknown): ReadonlyArray<string> => {
  if (Predicate.isString(value)) return [value]
  return Array.isArray(value) ? value.filter(Predicate.isString) : []
}

const valid = <A, I>(schema: Schema.Schema<A, I>, value: unknown): Option.Option<A> => Schema.decodeUnknownOption(schema)(value)

/** The most that any of the values allows. */
const roleOf = ({ defaultRole, roleClaim, roles }: IdentityProvider, claims: Claims): Role | null => {
  const values = new Set(textsOf(claim(claims, roleClaim)))
  const given = roles.filter(({ value }) => values.has(value)).map(({ role }) => role)
  return Role.literals.find((role) => given.includes(role)) ?? defaultRole
}

/** Decides who somebody with these claims (OpenID Connect Core 1.0, 5.1) is, and what he may do. */
export const admissionOf = (provider: IdentityProvider, claims: Claims): Either.Either<Admission, AdmissionRefused> => {
  const refuse = (reason: AdmissionRefused["reason"]) => Either.left(new AdmissionRefused({ reason }))
  const subject = claims["sub"]
  if (!Predicate.isString(subject) || subject === "" || subject.length > 255) return refuse("no-subject")
  const username = valid(User.fields.username, claim(claims, provider.usernameClaim))
  if (Option.isNone(username)) return refuse("no-username")
  const role = roleOf(provider, claims)
  if (role === null) return refuse("no-role")
  const email = valid(MailAddress, claims["email"])
  return Either.right({
    subject,
    username: username.value,
    role,
    displayName: Option.getOrNull(valid(settings.name, claims["name"])),
    // An address that nobody has proved to be his does not get links for new passwords.
    email: claims["email_verified"] === true ? Option.getOrNull(email) : null
  })
}
