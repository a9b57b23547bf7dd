import { Schema } from "effect"
import { TenantId } from "./Ids.js"
import { LicenceStatus } from "./Licence.js"
import { PlainName } from "./PlainText.js"

const Count = Schema.Int.pipe(Schema.nonNegative())

/** Unique among the tenants of an installation, upper and lower case alike. */
export const TenantName = PlainName(100)

/** A tenant of the installation, and how much it has. */
export class Tenant extends Schema.Class<Tenant>("Tenant")({
  id: TenantId,
  name: Schema.String,
  cameras: Count,
  users: Count,
  /** None of its people and programs are let in, and none of its cameras run. */
  suspended: Schema.Boolean,
  licence: LicenceStatus,
  createdAt: Schema.DateTimeUtc
}) {}

/** What is to change; absent fields stay. */
export const TenantPatch = Schema.Struct({
  name: Schema.optional(TenantName),
  suspended: Schema.optional(Schema.Boolean)
}).annotations({ identifier: "TenantPatch" })
export type TenantPatch = typeof TenantPatch.Type
