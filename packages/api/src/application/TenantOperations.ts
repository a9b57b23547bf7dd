/**
 * What people may do with tenants. All of them are the operator's of the machine; an administrator sees the own one.
 *
 * @module
 */
import { Forbidden } from "@vigil/core/contract/Principal"
import type { NewTenantForm } from "@vigil/core/contract/api/TenantsApi"
import { authorize, inCallersName } from "@vigil/core/control/Authorization"
import type { TenantId } from "@vigil/core/Ids"
import { type Licence, unlimitedLicence } from "@vigil/core/Licence"
import type { Expected } from "@vigil/core/port/Expected"
import { Licences } from "@vigil/core/port/Licences"
import { TenantNotFound, TenantStore } from "@vigil/core/port/TenantStore"
import type { TenantPatch } from "@vigil/core/Tenant"
import { Effect } from "effect"
import { Accounts } from "../auth/Accounts.js"
import { isLocalOperator } from "../auth/LocalOperator.js"

const what = "changing tenants and licences, other than on Vigil's own machine,"

export const authorizeOperator = Effect.gen(function* () {
  const user = yield* authorize("admin", what)
  if (!isLocalOperator(user)) return yield* new Forbidden({ needed: "admin", role: user.role, what })
  return yield* TenantStore
})

/** The operator of the machine sees all tenants, an administrator only the own one. */
export const listTenants = Effect.gen(function* () {
  const user = yield* authorize("admin")
  const store = yield* TenantStore
  return yield* isLocalOperator(user) ? store.all : store.own(user.tenantId)
})

export const getTenant = (id: TenantId) =>
  Effect.flatMap(listTenants, (tenants) =>
    Effect.mapError(Effect.fromNullable(tenants.find((tenant) => tenant.id === id)), () => new TenantNotFound({ tenantId: id }))
  )

export const createTenant = ({ administrator: { password, username }, licence = unlimitedLicence, name }: NewTenantForm) =>
  Effect.gen(function* () {
    const store = yield* authorizeOperator
    const passwordHash = yield* (yield* Accounts).hash(username, password)
    return yield* store.create({ name, licence, administrator: { username, passwordHash } })
  }).pipe(inCallersName)

export const changeTenant = (id: TenantId, patch: TenantPatch) =>
  Effect.flatMap(authorizeOperator, (store) => store.change(id, patch)).pipe(inCallersName)

export const removeTenant = (id: TenantId) => Effect.flatMap(authorizeOperator, (store) => store.remove(id)).pipe(inCallersName)

export const tenantLicence = (id: TenantId) =>
  Effect.gen(function* () {
    yield* getTenant(id)
    return yield* (yield* Licences).standing(id)
  })

export const setLicence = (id: TenantId, licence: Licence, expected?: Expected<Licence>) =>
  Effect.gen(function* () {
    yield* authorizeOperator
    return yield* (yield* Licences).change(id, licence, expected)
  }).pipe(inCallersName)

/** Supervisors see why a camera more is refused. */
export const ownLicence = Effect.gen(function* () {
  const { tenantId } = yield* authorize("supervisor")
  return yield* (yield* Licences).standing(tenantId)
})
