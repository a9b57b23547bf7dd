import { LicenceStatus } from "@vigil/core/Licence"
import type { ComponentHealth, HealthCheck } from "@vigil/core/port/Health"
import { TenantStore } from "@vigil/core/port/TenantStore"
import type { Tenant } from "@vigil/core/Tenant"
import { Effect, Metric, Schedule, type Scope } from "effect"

const interval = "1 minute"

const licences = Metric.gauge("vigil_licences", { description: "Tenants by how their licence stands" })
const suspended = Metric.gauge("vigil_tenants_suspended", { description: "Tenants that are suspended" })

const count = (tenants: ReadonlyArray<Tenant>, status: LicenceStatus): number =>
  tenants.filter(({ licence }) => licence === status).length

const measure = (tenants: ReadonlyArray<Tenant>) =>
  Effect.zipRight(
    Effect.forEach(
      LicenceStatus.literals,
      (status) => Metric.set(Metric.tagged(licences, "status", status), count(tenants, status)),
      { discard: true }
    ),
    Metric.set(suspended, tenants.filter((tenant) => tenant.suspended).length)
  )

const sentences: Readonly<Record<Exclude<LicenceStatus, "valid">, string>> = {
  expiring: "end within 30 days",
  exceeded: "have more cameras enabled than they allow",
  early: "have not begun",
  expired: "have ended"
}

/** In numbers alone: whoever may see the health of the program is not to see other tenants. */
const healthOf = (tenants: ReadonlyArray<Tenant>): ComponentHealth => {
  const troubles = LicenceStatus.literals.flatMap((status) => {
    const number = status === "valid" ? 0 : count(tenants, status)
    return status === "valid" || number === 0 ? [] : [`${number} ${sentences[status]}`]
  })
  return troubles.length === 0
    ? { component: "licences", status: "pass", detail: `${tenants.length} are valid` }
    : { component: "licences", status: "warn", detail: `of ${tenants.length} licences, ${troubles.join(", ")}` }
}

/** Looks each minute how licences stand: measures it, says in the log what changed for the worse, and is a part of the program's health. */
export const licenceHealth: Effect.Effect<HealthCheck, never, TenantStore | Scope.Scope> = Effect.gen(function* () {
  const store = yield* TenantStore
  let seen: ReadonlyArray<Tenant> | undefined

  const complain = (tenants: ReadonlyArray<Tenant>) => {
    const before = new Map(seen?.map(({ id, licence }) => [id, licence]))
    const worse = tenants.filter(({ id, licence }) => licence !== "valid" && before.get(id) !== licence)
    return Effect.forEach(
      worse,
      ({ id, licence, name }) => Effect.logWarning(`the licence of tenant ${name} (${id}) is ${licence}`),
      {
        discard: true
      }
    )
  }

  yield* store.all.pipe(
    Effect.tap(measure),
    Effect.tap(complain),
    Effect.map((tenants) => {
      seen = tenants
    }),
    Effect.catchAll((error) => Effect.logDebug(`licences are not looked at for now: ${error.message}`)),
    Effect.repeat(Schedule.spaced(interval)),
    Effect.forkScoped
  )
  const check = Effect.sync(
    (): ComponentHealth =>
      seen === undefined ? { component: "licences", status: "pass", detail: "not looked at yet" } : healthOf(seen)
  )
  return { component: "licences", essential: false, check }
})
