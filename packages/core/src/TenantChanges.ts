/**
 * What is audited of tenants: what the operator of the installation does with them, and who asks for what is another tenant's.
 *
 * @module
 */
import { Schema } from "effect"
import type { AuditChange } from "./AuditEntry.js"
import type { TenantId } from "./Ids.js"
import { Licence } from "./Licence.js"
import type { Tenant } from "./Tenant.js"
import type { User } from "./User.js"

const encodeLicence = Schema.encodeSync(Licence)

const subject = (id: TenantId) => ({ type: "tenant", id }) as const

export const tenantCreated = (id: TenantId, name: string, licence: Licence, administrator: User): AuditChange => ({
  action: "tenant.create",
  subject: subject(id),
  before: null,
  after: { name, suspended: false, administrator: administrator.username, licence: encodeLicence(licence) }
})

/** Suspending and resuming are told as such. */
export const tenantUpdated = (before: Tenant, after: Tenant): AuditChange => {
  const action = before.suspended === after.suspended ? "tenant.update" : after.suspended ? "tenant.suspend" : "tenant.resume"
  const said = ({ name, suspended }: Tenant) => ({
    ...(before.name === after.name ? {} : { name }),
    ...(before.suspended === after.suspended ? {} : { suspended })
  })
  return { action, subject: subject(after.id), before: said(before), after: said(after) }
}

export const tenantRemoved = ({ cameras, id, name, users }: Tenant): AuditChange => ({
  action: "tenant.remove",
  subject: subject(id),
  before: { name, cameras, users },
  after: null
})

export const licenceChanged = (tenant: TenantId, before: Licence, after: Licence): AuditChange => ({
  action: "licence.change",
  subject: subject(tenant),
  before: { ...encodeLicence(before) },
  after: { ...encodeLicence(after) }
})
/** Somebody of `tenant` asked for an id that is of another tenant's, and was told that there is none. */
export const foreignAsked = (
  tenant: TenantId,
  call: string,
  asked: { readonly id: string; readonly table: string }
): AuditChange => ({
  action: "access.foreign",
  subject: subject(tenant),
  before: null,
  after: { call, id: asked.id, of: asked.table }
})
