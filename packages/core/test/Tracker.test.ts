import type { Detection } from "@vigil/core/Detection"
import { mediaTime } from "@vigil/core/Time"
import type { Track } from "@vigil/core/Track"
import { defaultTrackerSettings, initialTracker, stepTracker, type TrackerState } from "@vigil/core/Tracker"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { share } from "./geometry/arbitraries.js"
import { readRecording } from "./recorded/Recording.js"

const size = { width: 1280, height: 720 }

const seen = (
  x: number,
  y: number,
  options: Partial<{ label: string; confidence: number; width: number; height: number }> = {}
): Detection => ({
  label: options.label ?? "person",
  confidence: options.confidence ?? 0.8,
  box: { x, y, width: options.width ?? 60, height: options.height ?? 160 }
})

/** Feeds frames at their times in seconds and remembers all that was ever confirmed. */
class Scene {
  state: TrackerState = initialTracker
  tracks: ReadonlyArray<Track> = []
  confirmed = new Map<number, Track>()

  at(seconds: number, ...detections: ReadonlyArray<Detection>) {
    const [state, tracks] = stepTracker(this.state, { at: mediaTime(seconds * 1_000_000), size, detections })
    this.state = state
    this.tracks = tracks
    for (const track of tracks) if (track.state === "confirmed") this.confirmed.set(track.id, track)
    return tracks
  }

  /** `frames` per second from `from` to `to`, with what `show` gives. */
  play(from: number, to: number, frames: number, show: (seconds: number) => ReadonlyArray<Detection>) {
    for (let i = Math.ceil(from * frames); i / frames < to; i++) this.at(i / frames, ...show(i / frames))
  }
}

describe("Tracker", () => {
  for (const rate of [15, 10, 5, 2]) {
    it(`follows one walker at ${rate} frames a second with one id and the right velocity`, () => {
      const scene = new Scene()
      scene.play(0, 6, rate, (t) => [seen(50 + 120 * t, 300)])
      const [track] = scene.tracks
      expect(scene.tracks).toHaveLength(1)
      expect(track).toMatchObject({ id: 1, label: "person", state: "confirmed", firstSeen: 0 })
      expect(track?.velocity.x).toBeGreaterThan(90)
      expect(track?.velocity.x).toBeLessThan(150)
      expect(Math.abs(track?.velocity.y ?? 99)).toBeLessThan(10)
    })

    it(`keeps two people apart who pass each other at ${rate} frames a second, one hidden by the other for a while`, () => {
      const scene = new Scene()
      scene.play(0, 8, rate, (t) => {
        const near = seen(100 + 120 * t, 320, { width: 80, height: 220 })
        const far = seen(1000 - 110 * t, 300)
        return Math.abs(near.box.x - far.box.x) < 60 ? [near] : [near, far]
      })
      expect([...scene.confirmed.keys()]).toEqual([1, 2])
      const [near, far] = scene.tracks
      expect(near?.velocity.x).toBeGreaterThan(0)
      expect(far?.velocity.x).toBeLessThan(0)
    })
  }

  it("confirms by time, not by frames", () => {
    const scene = new Scene()
    scene.play(0, 0.2, 30, () => [seen(100, 100)])
    expect(scene.tracks[0]).toMatchObject({ state: "tentative", hits: 6 })
    const slow = new Scene()
    slow.at(0, seen(100, 100))
    slow.at(0.5, seen(105, 100))
    expect(slow.tracks[0]).toMatchObject({ state: "confirmed", hits: 2 })
  })

  it("forgets what was seen only once", () => {
    const scene = new Scene()
    scene.at(0, seen(100, 100))
    scene.play(0.1, 2, 10, () => [])
    expect(scene.tracks).toEqual([])
    expect(scene.confirmed.size).toBe(0)
  })

  it("finds a walker again after two seconds behind a pillar, and says lost meanwhile", () => {
    const scene = new Scene()
    const walker = (t: number) => (t > 3 && t < 5 ? [] : [seen(50 + 120 * t, 300)])
    scene.play(0, 4, 10, walker)
    expect(scene.tracks[0]).toMatchObject({ id: 1, state: "lost" })
    expect(scene.tracks[0]?.box.x).toBeGreaterThan(500)
    scene.play(4, 8, 10, walker)
    expect([...scene.confirmed.keys()]).toEqual([1])
    expect(scene.tracks[0]?.state).toBe("confirmed")
  })

  it("keeps a standing person through gaps of the detector and a pause without any look", () => {
    const scene = new Scene()
    scene.play(0, 30, 5, (t) => (Math.floor(t) % 5 < 3 ? [] : [seen(400 + 3 * Math.sin(t * 9), 300)]))
    expect(scene.confirmed.size).toBe(1)
    scene.at(60)
    expect(scene.tracks[0]?.state).toBe("lost")
    scene.at(60.2, seen(402, 300))
    expect(scene.tracks).toHaveLength(1)
    expect([...scene.confirmed.keys()]).toEqual([1])
  })

  it("gives the next person at the same door a new id", () => {
    const scene = new Scene()
    scene.play(0, 4, 10, (t) => [seen(900 + 100 * t, 300)].filter(({ box }) => box.x + box.width < 1280))
    scene.play(5.5, 8, 10, (t) => [seen(1210 - 100 * (t - 5.5), 300)])
    expect([...scene.confirmed.keys()]).toEqual([1, 2])
  })

  it("gives the next one a new id too where somebody left the picture slowly just before", () => {
    const scene = new Scene()
    const cut = (x: number) => [seen(x, 300, { width: Math.min(60, 1280 - x) })].filter(({ box }) => box.width > 35)
    scene.play(0, 4.5, 10, (t) => cut(1120 + 28 * t))
    scene.play(4.5, 5.5, 10, () => [])
    scene.play(5.5, 7, 10, (t) => cut(1244 - 30 * (t - 5.5)))
    expect([...scene.confirmed.keys()]).toEqual([1, 2])
  })

  it("has its limit, and keeps whom it knows", () => {
    let state = initialTracker
    let tracks: ReadonlyArray<Track> = []
    const settings = { ...defaultTrackerSettings, maxTracks: 5 }
    for (let frame = 0; frame < 20; frame++) {
      const known = frame < 10 ? 3 : 20
      const detections = Array.from({ length: known }, (_, i) => seen(i * 61, 300))
      ;[state, tracks] = stepTracker(state, { at: mediaTime(frame * 100_000), size, detections }, settings)
      expect(tracks.length).toBeLessThanOrEqual(5)
    }
    expect(tracks.slice(0, 3).map(({ id, state: now }) => [id, now])).toEqual([
      [1, "confirmed"],
      [2, "confirmed"],
      [3, "confirmed"]
    ])
  })

  it("a weak detection continues a track, but begins none", () => {
    const scene = new Scene()
    scene.play(0, 1, 10, (t) => [seen(100 + 50 * t, 300), seen(800, 300, { confidence: 0.2 })])
    scene.play(1, 3, 10, (t) => [seen(100 + 50 * t, 300, { confidence: 0.2 }), seen(800, 300, { confidence: 0.2 })])
    expect(scene.tracks.map(({ confidence, id, state }) => [id, state, confidence])).toEqual([[1, "confirmed", 0.2]])
  })

  it("votes on the label: a car that is sometimes a truck is one car, and one box twice is one track", () => {
    const scene = new Scene()
    scene.play(0, 3, 10, (t) => [
      seen(100 + 80 * t, 300, { label: Math.round(t * 10) % 3 === 1 ? "truck" : "car", width: 200 }),
      ...(Math.round(t * 10) % 4 === 2 ? [seen(102 + 80 * t, 302, { label: "truck", width: 200, confidence: 0.6 })] : [])
    ])
    expect([...scene.confirmed.values()].map(({ id, label }) => [id, label])).toEqual([[1, "car"]])
  })

  it("a person never becomes a car, even in the same place", () => {
    const scene = new Scene()
    scene.play(0, 2, 10, () => [seen(300, 300)])
    scene.play(2, 4, 10, () => [seen(300, 300, { label: "car" })])
    scene.play(4, 5, 10, () => [seen(300, 300), seen(300, 300, { label: "car" })])
    expect([...scene.confirmed.values()].map(({ id, label }) => [id, label])).toEqual([
      [1, "person"],
      [2, "car"]
    ])
  })

  it("starts anew, with new ids, when the media time or the picture's size does", () => {
    const scene = new Scene()
    scene.play(100, 102, 10, () => [seen(300, 300)])
    scene.play(0, 2, 10, () => [seen(300, 300)])
    expect(scene.tracks.map(({ firstSeen, id }) => [id, firstSeen])).toEqual([[2, 0]])
    const [, tracks] = stepTracker(scene.state, {
      at: mediaTime(2_000_000),
      size: { width: 640, height: 360 },
      detections: [seen(150, 150)]
    })
    expect(tracks.map(({ id }) => id)).toEqual([3])
  })

  it("passes over broken boxes", () => {
    const scene = new Scene()
    expect(
      scene.at(
        0,
        seen(Number.NaN, 0),
        seen(0, 0, { width: 0 }),
        seen(0, 0, { confidence: Number.NaN }),
        seen(0, 0, { width: Number.POSITIVE_INFINITY })
      )
    ).toEqual([])
  })

  it("never changes a state that it returned", () => {
    const scene = new Scene()
    scene.play(0, 1, 10, (t) => [seen(100 + 50 * t, 300)])
    const before = structuredClone(scene.state)
    const input = { at: mediaTime(1_100_000), size, detections: [seen(160, 300), seen(600, 300)] }
    const first = stepTracker(scene.state, input)
    expect(scene.state).toEqual(before)
    expect(stepTracker(scene.state, input)).toEqual(first)
  })
})

const anyDetection = fc.record({
  label: fc.constantFrom("person", "car", "truck"),
  confidence: share,
  box: fc.record({
    x: fc.integer({ min: -50, max: 1300 }),
    y: fc.integer({ min: -50, max: 750 }),
    width: fc.integer({ min: 0, max: 600 }),
    height: fc.integer({ min: 0, max: 600 })
  })
})

describe("Tracker over any detections", () => {
  it("is bounded, gives unique rising ids, and only speaks of tracks that make sense", () => {
    const frames = fc.array(
      fc.tuple(fc.integer({ min: -3_000_000, max: 3_000_000 }), fc.array(anyDetection, { maxLength: 30 })),
      { maxLength: 40 }
    )
    fc.assert(
      fc.property(frames, (sequence) => {
        const settings = { ...defaultTrackerSettings, maxTracks: 12 }
        let state = initialTracker
        let time = 0
        let highest = 0
        let known = new Map<number, Track>()
        for (const [step, detections] of sequence) {
          time += step
          const [next, tracks] = stepTracker(state, { at: mediaTime(time), size, detections }, settings)
          state = next
          expect(tracks.length).toBeLessThanOrEqual(settings.maxTracks)
          const ids = tracks.map(({ id }) => id)
          expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
          for (const track of tracks) {
            const before = known.get(track.id)
            if (before === undefined) expect(track).toMatchObject({ state: "tentative", hits: 1 })
            else {
              expect(track.firstSeen).toBe(before.firstSeen)
              expect(track.hits - before.hits).toBe(
                track.lastSeen === next.at && track.state !== "lost" && track.hits > before.hits ? 1 : 0
              )
              expect(before.state !== "tentative" && track.state === "tentative").toBe(false)
              expect(before.label === "person").toBe(track.label === "person")
            }
            expect(track.id > highest || before !== undefined).toBe(true)
            expect(track.lastSeen).toBeGreaterThanOrEqual(track.firstSeen)
            for (const value of [...Object.values(track.box), ...Object.values(track.velocity)])
              expect(Number.isFinite(value)).toBe(true)
            if (track.state === "lost") expect(track.lastSeen).toBeLessThanOrEqual(next.at ?? 0)
          }
          highest = Math.max(highest, ...ids)
          known = new Map(tracks.map((track) => [track.id, track]))
        }
      }),
      { numRuns: 60 }
    )
  })
})

/** Every `every`-th frame from `offset` on. */
const replay = (name: string, every: number, offset: number, minimum: number) => {
  const { frames, framesPerSecond, size: pictures } = readRecording(name)
  let state = initialTracker
  const confirmed = new Map<number, Track>()
  for (let i = offset; i < frames.length; i += every) {
    const detections = (frames[i] ?? []).filter(({ confidence }) => confidence >= minimum)
    const [next, tracks] = stepTracker(state, { at: mediaTime((i * 1_000_000) / framesPerSecond), size: pictures, detections })
    state = next
    for (const track of tracks) if (track.state === "confirmed") confirmed.set(track.id, track)
  }
  return [...confirmed.values()]
}

describe("Tracker on what YOLOX-nano really found", () => {
  /** When each of the six people is in the picture, in seconds, read off the video. */
  const people = [
    [6, 20],
    [22, 45],
    [50, 70],
    [74, 87],
    [92, 120],
    [123, 136]
  ] as const

  for (const [rate, every] of [
    [10, 1],
    [5, 2],
    [2, 5]
  ] as const) {
    for (const minimum of [0.1, 0.25, 0.35]) {
      it(`has one track for each of the six people at ${rate} frames a second, detections from ${minimum}`, () => {
        for (let offset = 0; offset < every; offset++) {
          const tracks = replay("one-by-one-person", every, offset, minimum).filter(({ label }) => label === "person")
          expect(tracks).toHaveLength(people.length)
          tracks.forEach(({ firstSeen, lastSeen }, i) => {
            const [enters, leaves] = people[i] ?? [0, 0]
            expect(firstSeen / 1e6).toBeGreaterThan(enters)
            expect(lastSeen / 1e6).toBeLessThan(leaves)
            expect((lastSeen - firstSeen) / 1e6).toBeGreaterThan(0.7 * (leaves - enters))
          })
        }
      })
    }
  }

  for (const [rate, every] of [
    [12.5, 1],
    [4.2, 3],
    [2.1, 6]
  ] as const) {
    it(`has one track for each of the four cars at ${rate} frames a second, whatever their labels`, () => {
      const tracks = replay("cars", every, 0, 0.25)
      expect(tracks).toHaveLength(4)
      expect(tracks.every(({ label }) => label !== "person")).toBe(true)
    })
  }
})
