import { CameraId, Epoch } from "@vigil/core/Ids"
import { Segment } from "@vigil/core/Segment"
import { initialPlan, maxMarks, type PlannedUnit, type SegmentInput, type SegmentPlan, step } from "@vigil/core/SegmentPlanner"
import { mediaTime, wallTime } from "@vigil/core/Time"
import { Schema } from "effect"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const cameraId = CameraId.make("11111111-1111-4111-8111-111111111111")
const epoch = Epoch.make(3)
const second = 1_000_000

interface Open {
  readonly sequence: number
  readonly cut: number
  readonly units: Array<PlannedUnit>
}

/** Does what a plan says with the access units themselves, as the hub's ring would. */
class Cutter {
  plan: SegmentPlan
  ring: Array<PlannedUnit> = []
  open: Open | undefined
  closed: Array<{ readonly segment: Segment; readonly units: ReadonlyArray<PlannedUnit>; readonly cut: number }> = []

  constructor(duration: number, overlap: number) {
    this.plan = initialPlan(cameraId, epoch, { duration, overlap })
    this.send({ _tag: "FormatSeen", codec: "h264", width: 640, height: 480 })
  }

  send(input: SegmentInput) {
    const [plan, actions] = step(this.plan, input)
    this.plan = plan
    for (const action of actions) {
      if (action._tag === "CloseSegment") {
        const open = this.open
        if (open?.sequence !== action.segment.sequence) throw new Error("closed what is not open")
        this.closed.push({ segment: action.segment, units: open.units, cut: open.cut })
        this.open = undefined
      } else {
        if (this.open !== undefined) throw new Error("opened a second one")
        if (action.back > this.ring.length) throw new Error("reaches back too far")
        this.open = { sequence: action.sequence, cut: action.cut, units: action.back === 0 ? [] : this.ring.slice(-action.back) }
      }
    }
    if (input._tag !== "AccessUnit") return
    this.ring.push(input)
    this.open?.units.push(input)
  }

  get segments() {
    return this.closed.map((one) => one.segment)
  }
}

const unit = (time: number, keyframe: boolean, bytes = keyframe ? 10_000 : 1000): SegmentInput => ({
  _tag: "AccessUnit",
  mediaTime: mediaTime(Math.round(time)),
  wallTime: wallTime(1_700_000_000_000 + time / 1000),
  keyframe,
  bytes
})

/** `seconds` of video with a key frame every `group` pictures. */
const play = (cutter: Cutter, seconds: number, rate: number, group: number, from = 0) => {
  for (let i = 0; i < seconds * rate; i++) cutter.send(unit((from + i / rate) * second, i % group === 0))
}

describe("SegmentPlanner", () => {
  it("cuts every five seconds, with all that a VideoJob wants to know", () => {
    const cutter = new Cutter(5, 0)
    play(cutter, 16, 15, 15)
    expect(cutter.segments).toHaveLength(3)
    expect(cutter.segments[1]).toEqual({
      cameraId,
      epoch,
      sequence: 1,
      start: 5 * second,
      end: 10 * second,
      startWallTime: 1_700_000_005_000,
      duration: 5,
      overlap: 0,
      frameCount: 75,
      bytes: 5 * 10_000 + 70 * 1000,
      keyframes: 5,
      startsAtKeyframe: true,
      discontinuity: false,
      sourceQuality: { resolution: "640x480", bitrate: ((5 * 10_000 + 70 * 1000) * 8) / 5, fps: 15, codec: "h264" }
    })
    expect(cutter.open?.sequence).toBe(3)
    const encoded: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(Segment)(cutter.segments[1] ?? expect.fail())))
    expect(Schema.decodeUnknownSync(Segment)(encoded)).toEqual(cutter.segments[1])
  })

  it("overlaps as asked where a key frame is there, else by the next longer way", () => {
    const exact = new Cutter(5, 2)
    play(exact, 16, 10, 10)
    expect(exact.segments.map((one) => [one.start, one.overlap, one.duration])).toEqual([
      [0, 0, 5],
      [3 * second, 2, 7],
      [8 * second, 2, 7]
    ])
    const sparse = new Cutter(4, 1)
    play(sparse, 13, 10, 20)
    expect(sparse.segments.map((one) => [one.start, one.overlap])).toEqual([
      [0, 0],
      [2 * second, 2],
      [6 * second, 2]
    ])
  })

  it("takes the key frame before ten seconds where the next would be too late", () => {
    const cutter = new Cutter(10, 0)
    play(cutter, 40, 10, 30)
    expect(cutter.segments.map((one) => one.duration)).toEqual([9, 9, 9, 9])
  })

  it("cuts at ten seconds without a key frame, and reaches back to one as far as fifteen", () => {
    const cutter = new Cutter(5, 0)
    play(cutter, 45, 10, 400)
    expect(cutter.segments.map((one) => [one.start / second, one.overlap, one.startsAtKeyframe])).toEqual([
      [0, 0, true],
      [0, 10, true],
      [20, 0, false],
      [30, 0, false]
    ])
    expect(cutter.segments[3]?.end).toBe(40 * second)
  })

  it("closes early at a jump of the media time, forward and back, and starts again at a key frame", () => {
    const cutter = new Cutter(5, 2)
    play(cutter, 7, 10, 10)
    play(cutter, 7, 10, 10, 20)
    play(cutter, 3, 10, 10, 0)
    cutter.send({ _tag: "SourceLost" })
    expect(
      cutter.segments.map((one) => [one.sequence, one.start / second, one.end / second, one.overlap, one.discontinuity])
    ).toEqual([
      [0, 0, 5, 0, false],
      [1, 3, 7, 2, true],
      [2, 20, 25, 0, false],
      [3, 23, 27, 2, true],
      [4, 0, 3, 0, true]
    ])
    expect(cutter.open).toBeUndefined()
    cutter.send(unit(4 * second, false))
    expect(cutter.open).toBeUndefined()
    expect(cutter.plan.skipped).toBe(1)
  })

  it("does not take pictures out of order, a short hole or a slow camera for a jump", () => {
    const reordered = new Cutter(5, 0)
    for (let group = 0; group < 12; group++) {
      for (const [i, shown] of [0, 3, 1, 2, 6, 4, 5].entries()) reordered.send(unit((group * 7 + shown) * 0.1 * second, i === 0))
    }
    expect(reordered.segments.map((one) => [one.discontinuity, one.frameCount])).toEqual([[false, 56]])
    const hole = new Cutter(5, 0)
    play(hole, 2, 10, 10)
    play(hole, 4, 10, 10, 4.5)
    expect(hole.segments.map((one) => one.discontinuity)).toEqual([false])
    const slow = new Cutter(5, 0)
    play(slow, 60, 0.5, 1)
    expect(slow.segments.every((one) => one.duration === 6 && !one.discontinuity)).toBe(true)
    play(slow, 20, 0.5, 1, 62)
    expect(slow.segments.every((one) => !one.discontinuity)).toBe(true)
  })

  it("closes when size or codec change, not when the size becomes known", () => {
    const cutter = new Cutter(5, 1)
    cutter.plan = initialPlan(cameraId, epoch, { duration: 5, overlap: 1 }, 17)
    play(cutter, 2, 10, 10)
    cutter.send({ _tag: "FormatSeen", codec: "h264" })
    cutter.send({ _tag: "FormatSeen", codec: "h264", width: 640, height: 480 })
    cutter.send({ _tag: "FormatSeen", codec: "h264" })
    expect(cutter.segments).toHaveLength(0)
    cutter.send({ _tag: "FormatSeen", codec: "h264", width: 1280, height: 720 })
    play(cutter, 6, 10, 10, 2)
    expect(cutter.segments.map((one) => [one.sequence, one.sourceQuality.resolution, one.discontinuity, one.overlap])).toEqual([
      [17, "640x480", true, 0],
      [18, "1280x720", false, 0]
    ])
  })

  it("remembers a limited number of key frames", () => {
    const cutter = new Cutter(5, 5)
    play(cutter, 12, 240, 1)
    expect(cutter.plan.marks).toHaveLength(maxMarks)
    expect(cutter.segments).toHaveLength(2)
    expect(cutter.segments[1]?.overlap).toBeCloseTo(maxMarks / 240, 1)
  })

  it("takes changed settings from the next cut on", () => {
    const cutter = new Cutter(5, 0)
    play(cutter, 3, 10, 10)
    cutter.send({ _tag: "SettingsChanged", settings: { duration: 2, overlap: 0 } })
    play(cutter, 6, 10, 10, 3)
    expect(cutter.segments.map((one) => one.duration)).toEqual([3, 2, 2])
  })
})

const stream = fc.record({
  duration: fc.integer({ min: 4, max: 40 }).map((n) => n / 4),
  overlap: fc.integer({ min: 0, max: 20 }).map((n) => n / 4),
  rate: fc.constantFrom(1, 5, 10, 15, 25, 30),
  group: fc.integer({ min: 1, max: 60 }),
  jitter: fc.constantFrom(0, 0, 10_000),
  breaks: fc.array(fc.record({ at: fc.nat({ max: 599 }), kind: fc.constantFrom("lost", "forward", "back") }), { maxLength: 3 })
})

const perform = (what: typeof stream extends fc.Arbitrary<infer A> ? A : never) => {
  const cutter = new Cutter(what.duration, what.overlap)
  let offset = 0
  const fed: Array<SegmentInput> = []
  for (let i = 0; i < 600; i++) {
    for (const one of what.breaks.filter(({ at }) => at === i)) {
      if (one.kind === "lost") cutter.send({ _tag: "SourceLost" })
      offset += one.kind === "forward" ? 60 * second : one.kind === "back" ? -90 * second : 0
    }
    const time = (i * second) / what.rate + offset + (((i * 7919) % 5) / 5) * what.jitter
    const next = unit(time, i % what.group === 0)
    fed.push(next)
    cutter.send(next)
  }
  cutter.send({ _tag: "SourceLost" })
  return { cutter, fed }
}

describe("SegmentPlanner over any stream", () => {
  it("sequences have no gap, counts are what the segments hold, memory is bounded", () => {
    fc.assert(
      fc.property(stream, (what) => {
        const { cutter } = perform(what)
        expect(cutter.segments.map((one) => one.sequence)).toEqual(cutter.segments.map((_, i) => i))
        expect(cutter.plan.marks.length).toBeLessThanOrEqual(maxMarks)
        for (const { segment, units } of cutter.closed) {
          expect(segment.frameCount).toBe(units.length)
          expect(segment.keyframes).toBe(units.filter((one) => one.keyframe).length)
          expect(segment.bytes).toBe(units.reduce((sum, one) => sum + one.bytes, 0))
          expect(segment.start).toBe(units[0]?.mediaTime)
          expect(segment.startWallTime).toBe(units[0]?.wallTime)
          expect(segment.startsAtKeyframe).toBe(units[0]?.keyframe)
        }
      })
    )
  })

  it("every access unit is in a segment from the first key frame after a break on, and only those before are not", () => {
    fc.assert(
      fc.property(stream, (what) => {
        const { cutter, fed } = perform(what)
        const held = new Set(cutter.closed.flatMap((one) => one.units))
        const missing = fed.filter((one) => one._tag === "AccessUnit" && !held.has(one))
        expect(missing).toHaveLength(cutter.plan.skipped)
        expect(missing.every((one) => one._tag === "AccessUnit" && !one.keyframe)).toBe(true)
        if (what.breaks.length === 0) expect(missing).toHaveLength(0)
      })
    )
  })

  it("segments follow each other, overlap as asked and are as long as asked, as near as key frames allow", () => {
    fc.assert(
      fc.property(stream, (what) => {
        const { cutter } = perform(what)
        const between = what.group / what.rate
        const margin = 0.07
        for (const [i, { segment }] of cutter.closed.entries()) {
          const before = cutter.closed[i - 1]
          const own = segment.duration - segment.overlap
          if (before === undefined || before.segment.discontinuity) expect(segment.overlap).toBe(0)
          else {
            expect(cutter.closed[i]?.cut).toBe(before.segment.end)
            const available = (before.segment.end - before.segment.start) / second
            if (between <= 10) {
              expect(segment.overlap).toBeGreaterThanOrEqual(
                Math.min(what.overlap, before.segment.duration - before.segment.overlap, available) - margin
              )
              expect(segment.overlap).toBeLessThan(what.overlap + between + margin)
            }
          }
          expect(own).toBeLessThanOrEqual(10 + 1 / what.rate + margin)
          if (!segment.discontinuity && between <= 4) {
            expect(own).toBeGreaterThanOrEqual(Math.min(what.duration, 10 - between) - margin)
            expect(own).toBeLessThan(what.duration + between + margin)
          }
        }
      })
    )
  })
})
