import { Schema } from "effect"
import { TenantId, UserId } from "./Ids.js"
import { PlainName } from "./PlainText.js"

/** What a person may do; each role may do all that the ones after it may. */
export const Role = Schema.Literal("admin", "supervisor", "operator", "viewer")
export type Role = typeof Role.Type

/** Whether `role` may do what `needed` may. */
export const permits = (role: Role, needed: Role): boolean => Role.literals.indexOf(role) <= Role.literals.indexOf(needed)

/** Without what is not seen: no two users are to look the same for it. */
const Username = PlainName(100).pipe(
  Schema.pattern(/^\P{Cf}*$/u, { message: () => "Expected a name without invisible characters" })
)

export class User extends Schema.Class<User>("User")({
  id: UserId,
  tenantId: TenantId,
  username: Username,
  role: Role,
  /** Nobody comes in as this user: not by a password or a provider, nor with API keys. */
  disabled: Schema.propertySignature(Schema.Boolean).pipe(Schema.withConstructorDefault(() => false)),
  createdAt: Schema.DateTimeUtc
}) {}
