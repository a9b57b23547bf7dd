import { describe, expect, it } from "@effect/vitest"
import type { UnmetRequirement } from "@vigil/core/ModelSuitability"
import { initialWatch, type RequirementWatch, stepWatch, warningsOf } from "@vigil/core/RequirementWatch"
import { monotonicTime } from "@vigil/core/Time"
import * as fc from "effect/FastCheck"

const low: UnmetRequirement = { requirement: "bitrate", needed: 1_000_000, found: 400_000 }

/** What is told, second by second, of seconds in which the bitrate is too low (`x`) or is not. */
const told = (seconds: string): string => {
  let watch: RequirementWatch = initialWatch
  return [...seconds]
    .map((second, at) => {
      watch = stepWatch(watch, second === "x" ? [low] : [], monotonicTime(at * 1000))
      return warningsOf(watch).length > 0 ? "!" : "."
    })
    .join("")
}

describe("RequirementWatch", () => {
  it("warns after fifteen seconds, and until it has been well for as long", () => {
    const bad = "x".repeat(16)
    const well = "-".repeat(16)
    expect(told(bad + well)).toBe(`${".".repeat(15)}!${"!".repeat(15)}.`)
  })

  it("does not tell of what comes and goes", () => {
    expect(told(`${"x".repeat(14)}-`.repeat(5))).not.toContain("!")
    const warned = "x".repeat(16)
    expect(told(warned + `${"-".repeat(14)}x`.repeat(5)).slice(16)).not.toContain(".")
  })

  it("tells the newest figure", () => {
    let watch: RequirementWatch = initialWatch
    for (let at = 0; at <= 20; at++) watch = stepWatch(watch, [{ ...low, found: at }], monotonicTime(at * 1000))
    expect(warningsOf(watch)).toEqual([{ ...low, found: 20 }])
  })

  it("never tells of anything that was not so for all of the last fifteen seconds, or told before", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("x", "-"), { maxLength: 80 }), (seconds) => {
        const answer = told(seconds.join(""))
        for (let at = 0; at < answer.length; at++) {
          if (answer[at] !== "!" || answer[at - 1] === "!") continue
          expect(seconds.slice(at - 15, at + 1).join("")).toBe("x".repeat(16))
        }
      })
    )
  })
})
