import { Schema } from "effect"
import { TenantId, UserId } from "./Ids.js"

/** What a person may do; each role may do all that the ones after it may. */
export const Role = Schema.Literal("admin", "supervisor", "operator", "viewer")
export type Role = typeof Role.Type

/** Whether `role` may do what `needed` may. */
export const permits = (role: Role, needed: Role): boolean => Role.literals.indexOf(role) <= Role.literals.indexOf(needed)

export class User extends Schema.Class<User>("User")({
  id: UserId,
  tenantId: TenantId,
  username: Schema.NonEmptyTrimmedString.pipe(Schema.maxLength(100)),
  role: Role,
  createdAt: Schema.DateTimeUtc
}) {}
