import { Schema } from "effect"
import { TenantId } from "./Ids.js"

const Count = Schema.Int.pipe(Schema.nonNegative())

/** A tenant of the installation, and how much it has. */
export class Tenant extends Schema.Class<Tenant>("Tenant")({
  id: TenantId,
  name: Schema.String,
  cameras: Count,
  users: Count,
  createdAt: Schema.DateTimeUtc
}) {}
