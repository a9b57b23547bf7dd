import { describe, expect, it } from "@effect/vitest"
import type { Finding } from "@vigil/core/Analytic"
import { type EventDraft, type EventRule, initial, step } from "@vigil/core/EventPipeline"
import { mediaTime, wallTime } from "@vigil/core/Time"
import * as fc from "effect/FastCheck"

const rule: EventRule = { threshold: 0.5, minimumDuration: 1_000, cooldown: 5_000 }

const finding = (at: number, confidence = 0.9, key = "zone:gate/track:1"): Finding => ({
  eventType: "INTRUSION",
  key,
  confidence,
  mediaTime: mediaTime(at * 1000),
  wallTime: wallTime(at)
})

/** Runs findings at these milliseconds, ten moments a second between them. */
const run = (moments: ReadonlyArray<readonly [number, ReadonlyArray<Finding>]>, used = rule) => {
  let state = initial
  const drafts: Array<EventDraft> = []
  for (const [at, findings] of moments) {
    const [next, made] = step(state, mediaTime(at * 1000), findings, used)
    state = next
    drafts.push(...made)
  }
  return { drafts, state }
}

const lasting = (from: number, to: number, confidence = 0.9) =>
  Array.from(
    { length: (to - from) / 100 + 1 },
    (_, index) => [from + index * 100, [finding(from + index * 100, confidence)]] as const
  )

describe("EventPipeline", () => {
  it("makes one event of a happening, once it has lasted", () => {
    expect(run(lasting(0, 900)).drafts).toHaveLength(0)
    const { drafts } = run(lasting(0, 20_000))
    expect(drafts).toHaveLength(1)
    expect(drafts[0]?.first.mediaTime).toBe(0)
  })

  it("ignores what is not confident enough", () => {
    expect(run(lasting(0, 5_000, 0.49)).drafts).toHaveLength(0)
  })

  it("bridges frames in which nothing is found", () => {
    const gap = Array.from({ length: 15 }, (_, index) => [500 + index * 100, []] as const)
    expect(run([...lasting(0, 400), ...gap, ...lasting(2_000, 2_500)]).drafts).toHaveLength(1)
  })

  it("takes what comes back within the cooldown for the same event, and later for a new one", () => {
    expect(run([...lasting(0, 2_000), ...lasting(6_000, 8_000)]).drafts).toHaveLength(1)
    expect(run([...lasting(0, 2_000), ...lasting(9_000, 11_000)]).drafts).toHaveLength(2)
  })

  it("keeps keys apart", () => {
    const both = lasting(0, 2_000).map(([at, found]) => [at, [...found, finding(at, 0.8, "zone:gate/track:2")]] as const)
    expect(run(both).drafts).toHaveLength(2)
  })

  it("reports the most confident finding", () => {
    const moments = lasting(0, 2_000).map(([at]) => [at, [finding(at, at === 700 ? 0.97 : 0.6)]] as const)
    expect(run(moments).drafts[0]?.best.confidence).toBe(0.97)
  })

  it.each([
    [100, rule.cooldown],
    [600, 0]
  ])("with %i keys has bounded memory, and no two events of a key within %i ms", (keys, quiet) => {
    const moment = fc.tuple(
      fc.nat(400),
      fc.array(fc.tuple(fc.nat(keys), fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 40 })
    )
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 60 }), (steps) => {
        let at = 0
        const last = new Map<string, number>()
        let state = initial
        for (const [pause, found] of steps) {
          at += pause + 1
          const findings = found.map(([key, confidence]) => finding(at, confidence, `track:${key}`))
          const [next, drafts] = step(state, mediaTime(at * 1000), findings, { ...rule, minimumDuration: 0 })
          state = next
          for (const { best } of drafts) {
            expect(at - (last.get(best.key) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThan(quiet)
            last.set(best.key, at)
          }
          expect(state.candidates.size).toBeLessThanOrEqual(256 + 40)
        }
      })
    )
  })
})
