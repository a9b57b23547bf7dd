import { Schema } from "effect"
import { UserId } from "./Ids.js"
import { PlainName } from "./PlainText.js"
import { permits, type Role } from "./User.js"

export const ApiKeyId = Schema.UUID.pipe(Schema.brand("ApiKeyId"))
export type ApiKeyId = typeof ApiKeyId.Type

/** What every API key begins with, so that it is known for one wherever it turns up. */
export const apiKeyPrefix = "vgl_"

/** What a program may do with an API key. None of them holds another: a program that changes and reads needs both. */
export const ApiKeyScope = Schema.Literal("read", "operate", "configure")
export type ApiKeyScope = typeof ApiKeyScope.Type

const ceilings: Readonly<Record<ApiKeyScope, Role>> = { read: "viewer", operate: "operator", configure: "supervisor" }

/** The least role whose people may give a scope to a key. */
export const roleOfScope = (scope: ApiKeyScope): Role => ceilings[scope]

/** The role that a key's calls are made with: no more than its highest scope needs, and no more than its owner has now. */
export const roleOfKey = (owner: Role, scopes: ReadonlyArray<ApiKeyScope>): Role => {
  const highest = scopes.map(roleOfScope).reduce((best, role) => (permits(role, best) ? role : best), "viewer")
  return permits(owner, highest) ? highest : owner
}

/** The year 10000. */
const lastMoment = Date.UTC(10_000, 0)

const scopes = Schema.NonEmptyArray(ApiKeyScope).pipe(Schema.maxItems(ApiKeyScope.literals.length))

/** A time that every database can keep. */
const Moment = Schema.DateTimeUtc.pipe(
  Schema.filter(({ epochMillis }) => (epochMillis >= 0 && epochMillis < lastMoment) || "expected a time from 1970 to 9999")
)

/** What is asked for when a key is made. */
export const NewApiKey = Schema.Struct({
  /** For people: which program has it. */
  name: PlainName(100),
  scopes,
  /** Without it the key is valid until it is revoked. */
  expiresAt: Schema.optional(Moment),
  /** Whose it is: the caller's own where absent. Administrators may make keys for others of their tenant. */
  owner: Schema.optional(UserId)
}).annotations({ identifier: "NewApiKey" })
export type NewApiKey = typeof NewApiKey.Type

/** Lets a program act in its owner's name, within the scopes. The key itself is with the program only. */
export const ApiKey = Schema.Struct({
  id: ApiKeyId,
  name: Schema.String,
  owner: Schema.Struct({ id: UserId, username: Schema.String }),
  scopes,
  /** How it begins, to find it in a program's settings; the rest is known to nobody. */
  hint: Schema.String,
  createdAt: Schema.DateTimeUtc,
  expiresAt: Schema.NullOr(Schema.DateTimeUtc),
  /** To within five minutes. */
  lastUsedAt: Schema.NullOr(Schema.DateTimeUtc)
}).annotations({ identifier: "ApiKey" })
export type ApiKey = typeof ApiKey.Type

/** A fresh API key: told this once, and never again. */
export const MadeApiKey = Schema.Struct({ ...ApiKey.fields, key: Schema.String }).annotations({ identifier: "MadeApiKey" })
export type MadeApiKey = typeof MadeApiKey.Type
