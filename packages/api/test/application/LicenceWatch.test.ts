import { describe, expect, it } from "@effect/vitest"
import { licenceHealth } from "@vigil/api/application/LicenceWatch"
import { effectMetrics } from "@vigil/api/telemetry/EffectMetrics"
import { TenantId } from "@vigil/core/Ids"
import type { LicenceStatus } from "@vigil/core/Licence"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { TenantNotFound, TenantStore } from "@vigil/core/port/TenantStore"
import { Tenant } from "@vigil/core/Tenant"
import { DateTime, Effect, Layer, Logger, TestClock } from "effect"

const tenant = (name: string, licence: LicenceStatus, suspended = false) =>
  Tenant.make({
    id: TenantId.make(`00000000-0000-4000-8000-${name.charCodeAt(0).toString().padStart(12, "0")}`),
    name,
    cameras: 1,
    users: 1,
    suspended,
    licence,
    createdAt: DateTime.unsafeMake(0)
  })

const none = new TenantNotFound({ tenantId: TenantId.make("00000000-0000-4000-8000-00000000000a") })

const measured = (name: string) => effectMetrics().find((family) => family.name === name)?.samples

describe("licences", () => {
  it.scoped("are a part of the program's health in numbers alone, measured, and complained of once", () => {
    let known: ReadonlyArray<Tenant> | undefined = []
    const complaints: Array<string> = []
    const store = TenantStore.of({
      all: Effect.suspend(() =>
        known === undefined ? new StoreUnavailable({ operation: "list tenants", detail: "away" }) : Effect.succeed(known)
      ),
      own: () => Effect.succeed([]),
      create: () => Effect.die("not made here"),
      change: () => Effect.fail(none),
      remove: () => Effect.fail(none),
      purge: Effect.succeed(0),
      foreign: () => Effect.succeed([])
    })
    const logger = Logger.make(({ logLevel, message }) => {
      if (logLevel.label === "WARN") complaints.push(String(message))
    })
    return Effect.gen(function* () {
      known = [tenant("acme", "valid"), tenant("best", "valid", true)]
      const { check, component, essential } = yield* licenceHealth
      expect({ component, essential }).toEqual({ component: "licences", essential: false })
      expect(yield* check).toMatchObject({ status: "pass" })
      yield* TestClock.adjust("1 second")
      expect(yield* check).toEqual({ component: "licences", status: "pass", detail: "2 are valid" })
      expect(measured("vigil_tenants_suspended")).toMatchObject([{ value: 1 }])

      known = [tenant("acme", "expiring"), tenant("best", "expired"), tenant("cost", "expiring")]
      yield* TestClock.adjust("3 minutes")
      const told = yield* check
      expect(told).toEqual({
        component: "licences",
        status: "warn",
        detail: "of 3 licences, 2 end within 30 days, 1 have ended"
      })
      expect(JSON.stringify(told)).not.toMatch(/acme|best|cost/)
      expect(complaints).toEqual([
        expect.stringMatching(/^the licence of tenant acme \(.*\) is expiring$/),
        expect.stringMatching(/^the licence of tenant best \(.*\) is expired$/),
        expect.stringMatching(/^the licence of tenant cost \(.*\) is expiring$/)
      ])
      const byStatus = measured("vigil_licences")
        ?.map(({ labels, value }) => `${labels[0]?.[1]} ${value}`)
        .sort()
      expect(byStatus).toEqual(["early 0", "exceeded 0", "expired 1", "expiring 2", "valid 0"])

      known = undefined
      yield* TestClock.adjust("3 minutes")
      expect(yield* check).toEqual(told)
      known = [tenant("acme", "expired"), tenant("best", "expired")]
      yield* TestClock.adjust("2 minutes")
      expect(complaints).toHaveLength(4)
    }).pipe(
      Effect.provideService(TenantStore, store),
      Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
      Effect.provide(Layer.empty)
    )
  })
})
