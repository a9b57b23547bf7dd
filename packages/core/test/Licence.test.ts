import { describe, expect, it } from "@effect/vitest"
import { ModelId } from "@vigil/core/Ids"
import { Licence, refusalOfCameras, refusalOfModel, standingOf, unlimitedLicence } from "@vigil/core/Licence"
import { DateTime, Option } from "effect"
import * as fc from "effect/FastCheck"

const now = DateTime.unsafeMake("2026-06-15T12:00:00Z")
const inDays = (days: number) => DateTime.add(now, { hours: 24 * days })
const limited = (limits: Partial<typeof Licence.Type>): Licence => Licence.make({ ...unlimitedLicence, ...limits })

const status = (limits: Partial<typeof Licence.Type>, enabled = 0) => standingOf(limited(limits), enabled, now).status

describe("a licence", () => {
  it("begins with its first moment, and is over at its last", () => {
    expect(status({})).toBe("valid")
    expect(status({ validFrom: now })).toBe("valid")
    expect(status({ validFrom: DateTime.add(now, { millis: 1 }) })).toBe("early")
    expect(status({ validUntil: now })).toBe("expired")
    expect(status({ validUntil: DateTime.add(now, { millis: 1 }) })).toBe("expiring")
    expect(status({ validUntil: inDays(30) })).toBe("expiring")
    expect(status({ validUntil: DateTime.add(inDays(30), { millis: 1 }) })).toBe("valid")
    expect(status({ cameras: 3 }, 3)).toBe("valid")
    expect(status({ cameras: 3 }, 4)).toBe("exceeded")
    expect(status({ cameras: 3, validUntil: inDays(-1) }, 4)).toBe("expired")
  })

  it("says what to do before it ends", () => {
    const warning = (days: number) => standingOf(limited({ validUntil: inDays(days) }), 0, now).warning
    expect(warning(31)).toBeNull()
    expect(warning(29)).toBe("the licence ends on 2026-07-14, in 29 days: ask the operator of the installation for a longer one")
    expect(warning(0.4)).toMatch(/on 2026-06-15, in 1 day: /)
    expect(warning(-1)).toMatch(/^the licence ended on 2026-06-14: /)
    expect(standingOf(limited({ validFrom: inDays(1) }), 0, now).warning).toMatch(/begins on 2026-06-16/)
  })

  it("allows as many cameras and the models that it names, and while it lasts", () => {
    const day = fc.option(fc.integer({ min: -50, max: 50 }), { nil: null })
    const numbers = fc.record({ cameras: fc.option(fc.nat(20), { nil: null }), enabled: fc.nat(25), from: day, until: day })
    fc.assert(
      fc.property(numbers, fc.boolean(), ({ cameras, enabled, from, until }, named) => {
        const wanted = ModelId.make("yolox-nano")
        const licence = limited({
          cameras,
          validFrom: from === null ? null : inDays(from),
          validUntil: until === null ? null : inDays(until),
          models: named ? [wanted] : [ModelId.make("yunet")]
        })
        const inTime = (from ?? 0) <= 0 && (until ?? 1) > 0
        expect(Option.isNone(refusalOfModel(licence, wanted, now))).toBe(inTime && named)
        expect(Option.isNone(refusalOfCameras(licence, enabled, now))).toBe(inTime && enabled <= (cameras ?? Infinity))
        const standing = standingOf(licence, enabled, now)
        expect(standing.warning === null).toBe(standing.status === "valid")
      })
    )
  })
})
