import { describe, expect, it } from "@effect/vitest"
import { isLocked } from "@vigil/core/Account"
import { afterWrongPassword, defaultPasswordPolicy, PasswordPolicy, type WrongPasswords } from "@vigil/core/PasswordPolicy"
import { DateTime } from "effect"
import * as fc from "effect/FastCheck"

const none: WrongPasswords = { count: 0, last: null, lock: null }
const start = DateTime.unsafeMake("2026-01-01T00:00:00Z")
const at = (minutes: number) => DateTime.add(start, { minutes })
const policy = (settings: Partial<PasswordPolicy>) => PasswordPolicy.make({ ...defaultPasswordPolicy, ...settings })

const after = (rules: PasswordPolicy, minutes: ReadonlyArray<number>) =>
  minutes.reduce((state, minute) => afterWrongPassword(rules, state, at(minute)), none)

describe("wrong passwords", () => {
  it("lock an account when there are too many in a row, for as long as the policy says", () => {
    const rules = policy({ lockAfter: 3, lockMinutes: 10 })
    expect(after(rules, [0, 1]).lock).toBeNull()
    const locked = after(rules, [0, 1, 2])
    expect(locked.lock).toEqual({ since: at(2), until: at(12) })
    expect([isLocked(locked.lock, at(11)), isLocked(locked.lock, at(12))]).toEqual([true, false])
    // Tries while it is locked do not make it longer; after it they count anew.
    expect(afterWrongPassword(rules, locked, at(5))).toBe(locked)
    expect(afterWrongPassword(rules, locked, at(13))).toEqual({ count: 1, last: at(13), lock: null })
  })

  it("are forgotten after a day, and lock for ever or never where that is wanted", () => {
    const rules = policy({ lockAfter: 3, lockMinutes: null })
    expect(after(rules, [0, 1, 24 * 60 + 2]).count).toBe(1)
    expect(isLocked(after(rules, [0, 1, 2]).lock, at(10_000_000))).toBe(true)
    expect(
      after(
        policy({ lockAfter: null }),
        Array.from({ length: 500 }, (_, index) => index)
      ).lock
    ).toBeNull()
  })

  it("never let more tries pass between two locks than the policy allows", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 20 }),
        fc.option(fc.integer({ min: 1, max: 100 })),
        fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 200 }),
        (lockAfter, lockMinutes, pauses) => {
          const rules = policy({ lockAfter, lockMinutes })
          let [state, now, open] = [none, 0, 0]
          for (const pause of pauses) {
            now += pause
            if (state.lock !== null) open = 0
            if (!isLocked(state.lock, at(now))) open++
            state = afterWrongPassword(rules, state, at(now))
            expect(open).toBeLessThanOrEqual(lockAfter)
            expect(state.count).toBeLessThanOrEqual(lockAfter)
          }
        }
      )
    )
  })
})
