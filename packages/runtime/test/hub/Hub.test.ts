import { describe, expect, it } from "@effect/vitest"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import { makeHub } from "@vigil/runtime/hub/Hub"
import * as fc from "effect/FastCheck"
import { picture, pictures } from "../material/AccessUnits.js"

const roomy = { window: 2_000, maxBytes: 1_000_000 }

describe("Hub", () => {
  it("gives every reader each access unit, in order and uncopied", () => {
    const hub = makeHub(roomy)
    const seen: [Array<AccessUnit>, Array<AccessUnit>] = [[], []]
    for (const list of seen) hub.subscribe({ onAccessUnit: (unit) => void list.push(unit) }, "now")
    const units = pictures(40)
    for (const unit of units) void hub.publish(unit)
    expect(seen[0]).toEqual(units)
    expect(seen[1][7]).toBe(units[7])
  })

  it("starts a late reader at the newest key frame", () => {
    const hub = makeHub(roomy)
    for (const unit of pictures(40)) void hub.publish(unit)
    const seen: Array<AccessUnit> = []
    hub.subscribe({ onAccessUnit: (unit) => void seen.push(unit) }, "keyframe")
    expect(seen[0]).toEqual(picture(30))
    expect(seen).toHaveLength(10)
  })

  it("waits for readers that make a finite source wait", async () => {
    const hub = makeHub(roomy)
    let release: () => void = () => undefined
    hub.subscribe(
      {
        onAccessUnit: () =>
          new Promise<void>((resolve) => {
            release = resolve
          })
      },
      "now"
    )
    const waiting = hub.publish(picture(0))
    expect(waiting).toBeInstanceOf(Promise)
    release()
    await waiting
  })

  it("stops calling a reader that left", () => {
    const hub = makeHub(roomy)
    let calls = 0
    const leave = hub.subscribe({ onAccessUnit: () => void calls++ }, "now")
    void hub.publish(picture(0))
    leave()
    void hub.publish(picture(1))
    expect(calls).toBe(1)
    expect(hub.readers()).toBe(0)
  })

  it("forgets the past when the source is opened again", () => {
    const hub = makeHub(roomy)
    for (const unit of pictures(20)) void hub.publish(unit)
    hub.describe({ protocol: "file", tracks: [] })
    expect(hub.past()).toEqual([])
    expect(hub.bytes()).toBe(0)
  })

  it("keeps the window, never more bytes than allowed, and begins with a key frame", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ keyframe: fc.boolean(), bytes: fc.integer({ min: 1, max: 3_000 }) }), { maxLength: 400 }),
        fc.integer({ min: 3_000, max: 40_000 }),
        (stream, maxBytes) => {
          const hub = makeHub({ window: 1_000, maxBytes })
          for (const [index, { bytes, keyframe }] of stream.entries()) {
            void hub.publish(picture(index, { keyframe, units: [new Uint8Array(bytes)] }))
          }
          const past = hub.past()
          expect(hub.bytes()).toBeLessThanOrEqual(maxBytes)
          expect(hub.bytes()).toBe(past.reduce((sum, unit) => sum + (unit.units[0]?.length ?? 0), 0))
          if (past.length > 0) expect(past[0]?.keyframe).toBe(true)
        }
      ),
      // The newest group of pictures alone is too large.
      { examples: [[[1, 1629, 1372].map((bytes, index) => ({ bytes, keyframe: index < 2 })), 3_000]] }
    )
  })

  it("keeps at least the window where the bytes allow it", () => {
    const hub = makeHub({ window: 3_000, maxBytes: 1_000_000 })
    const units = pictures(300)
    for (const unit of units) void hub.publish(unit)
    const past = hub.past()
    const kept = (past.at(-1)?.received ?? 0) - (past[0]?.received ?? 0)
    expect(kept).toBeGreaterThanOrEqual(3_000)
    expect(kept).toBeLessThan(5_100)
  })
})
