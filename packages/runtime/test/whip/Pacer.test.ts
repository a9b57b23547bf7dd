import { describe, expect, it } from "@effect/vitest"
import { Pacer } from "@vigil/runtime/whip/Pacer"
import * as fc from "effect/FastCheck"
import { afterEach, beforeEach, vi } from "vitest"

const options = { burst: 10, rate: 1000, capacity: 100 }

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index)

describe("a pacer", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }))
  afterEach(() => void vi.useRealTimers())

  const started = () => {
    const sent: Array<{ readonly packet: number; readonly at: number }> = []
    const now = () => performance.now()
    const pacer = new Pacer<number>((packet) => sent.push({ packet, at: now() }), now, options)
    return { pacer, sent, now }
  }

  it("sends what is little at once", () => {
    const { pacer, sent } = started()
    expect(pacer.push(numbers(10))).toBe(true)
    expect(sent).toHaveLength(10)
    expect(pacer.length).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it("spreads what is much over time, in order", () => {
    const { now, pacer, sent } = started()
    const begin = now()
    pacer.push(numbers(60))
    pacer.push(numbers(20, 60))
    expect(sent).toHaveLength(10)
    vi.advanceTimersByTime(200)
    expect(sent.map(({ packet }) => packet)).toEqual(numbers(80))
    // 70 packets beyond the burst take 70 ms at 1000 a second.
    expect((sent.at(-1)?.at ?? 0) - begin).toBeGreaterThanOrEqual(69)
    expect((sent.at(-1)?.at ?? 0) - begin).toBeLessThanOrEqual(80)
  })

  it("takes a whole picture or nothing, and no more than it may hold", () => {
    const { pacer } = started()
    expect(pacer.push(numbers(90))).toBe(true)
    expect(pacer.push(numbers(21))).toBe(false)
    expect(pacer.length).toBe(80)
    expect(pacer.push(numbers(20))).toBe(true)
  })

  it("forgets what waits when it is stopped", () => {
    const { pacer, sent } = started()
    pacer.push(numbers(50))
    pacer.stop()
    vi.advanceTimersByTime(1000)
    expect(sent).toHaveLength(10)
  })

  it("never sends more than its rate allows, whatever comes when", () => {
    const pushes = fc.array(fc.tuple(fc.nat(40), fc.nat(60)), { maxLength: 30 })
    fc.assert(
      fc.property(pushes, (made) => {
        const { pacer, sent } = started()
        for (const [count, pause] of made) {
          pacer.push(numbers(count))
          vi.advanceTimersByTime(pause)
        }
        vi.advanceTimersByTime(1000)
        expect(pacer.length).toBe(0)
        sent.forEach(({ at }, index) => {
          const before = sent[index - options.burst - 20]
          if (before !== undefined) expect(at - before.at).toBeGreaterThanOrEqual(19)
        })
      })
    )
  })
})
