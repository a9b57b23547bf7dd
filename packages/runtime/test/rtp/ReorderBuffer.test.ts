import { monotonicTime } from "@vigil/core/Time"
import { ReorderBuffer } from "@vigil/runtime/rtp/ReorderBuffer"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { rtp } from "../source/rtsp/ScriptedRtspServer.js"

const limits = { packets: 16, delay: 100 }

const collect = () => {
  const taken: Array<{ readonly sequence: number; readonly lost: number }> = []
  const buffer = new ReorderBuffer((packet, lost) => taken.push({ sequence: packet.readUInt16BE(2), lost }), limits)
  const push = (sequence: number, at = 0, ssrc = 7) =>
    buffer.push(rtp(sequence, 0, Buffer.from([1]), { ssrc }), monotonicTime(at))
  return { taken, buffer, push, sequences: () => taken.map(({ sequence }) => sequence) }
}

describe("ReorderBuffer", () => {
  it("hands on what is in order at once, over the wrap", () => {
    const { push, sequences, buffer } = collect()
    for (const sequence of [65_534, 65_535, 0, 1]) push(sequence)
    expect(sequences()).toEqual([65_534, 65_535, 0, 1])
    expect(buffer.reordered).toBe(0)
  })

  it("puts back what came too late, and leaves out what came twice", () => {
    const { push, sequences, taken, buffer } = collect()
    for (const sequence of [1, 4, 4, 2, 2, 3, 3, 5, 1]) push(sequence)
    expect(sequences()).toEqual([1, 2, 3, 4, 5])
    expect(taken.every(({ lost }) => lost === 0)).toBe(true)
    expect(buffer.reordered).toBe(2)
  })

  it("gives up on a gap when its follower has waited for too long", () => {
    const { push, taken, buffer } = collect()
    push(1, 0)
    push(4, 10)
    push(6, 50)
    buffer.expire(monotonicTime(109))
    expect(taken).toHaveLength(1)
    buffer.expire(monotonicTime(110))
    expect(taken.slice(1)).toEqual([{ sequence: 4, lost: 2 }])
    buffer.expire(monotonicTime(151))
    expect(taken.slice(2)).toEqual([{ sequence: 6, lost: 1 }])
    expect(buffer.held).toBe(0)
  })

  it("gives up on a gap when too many wait behind it", () => {
    const { push, sequences, buffer } = collect()
    push(1)
    for (let sequence = 3; sequence < 40; sequence++) push(sequence)
    expect(sequences()).toEqual([1, ...Array.from({ length: 37 }, (_, index) => index + 3)])
    expect(buffer.held).toBe(0)
  })

  it("starts anew with another source, and with a jump that no loss explains", () => {
    const { push, taken } = collect()
    push(1)
    push(3)
    push(30_000, 0, 8)
    push(30_001, 0, 8)
    push(10_000, 0, 8)
    expect(taken).toEqual([
      { sequence: 1, lost: 0 },
      { sequence: 3, lost: 1 },
      { sequence: 30_000, lost: 0 },
      { sequence: 30_001, lost: 0 },
      { sequence: 10_000, lost: 0 }
    ])
  })

  it("restores any order within its reach", () => {
    const shuffled = fc
      .tuple(fc.integer({ min: 0, max: 65_535 }), fc.array(fc.nat(limits.packets - 2), { minLength: 1, maxLength: 200 }))
      .map(([start, delays]) =>
        delays
          .map((delay, index) => ({ at: index + delay + 0.5 * (delay === 0 ? 0 : 1), index }))
          .sort((a, b) => a.at - b.at)
          .map(({ index }) => (start + 1 + index) & 0xffff)
          .reduce<Array<number>>((all, sequence) => [...all, sequence], [start])
      )
    fc.assert(
      fc.property(shuffled, (sequences) => {
        const { push, buffer, sequences: taken } = collect()
        for (const sequence of sequences) push(sequence)
        buffer.expire(monotonicTime(1000))
        const start = sequences[0] ?? 0
        expect(taken()).toEqual(sequences.map((_, index) => (start + index) & 0xffff))
      })
    )
  })

  it("hands on each packet at most once, in order, and accounts for all that is missing", () => {
    const some = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.nat(20)), { maxLength: 120 })
    fc.assert(
      fc.property(some, fc.integer({ min: 0, max: 65_535 }), (arrivals, offset) => {
        const { push, buffer, taken } = collect()
        let now = 0
        for (const [sequence, pause] of arrivals) {
          now += pause
          push((sequence + offset) & 0xffff, now)
          buffer.expire(monotonicTime(now))
          expect(buffer.held).toBeLessThan(limits.packets)
        }
        buffer.expire(monotonicTime(now + 1000))
        expect(buffer.held).toBe(0)
        const positions = taken.map(({ sequence }) => (sequence - offset) & 0xffff)
        let previous: number | undefined
        taken.forEach(({ lost }, index) => {
          const position = positions[index] ?? 0
          if (previous !== undefined) expect(position).toBe(previous + 1 + lost)
          previous = position
        })
      }),
      { numRuns: 1000 }
    )
  })
})
