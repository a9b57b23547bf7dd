import { describe, expect, it } from "@effect/vitest"
import { mediaTime, monotonicTime } from "@vigil/core/Time"
import { makeTimeline } from "@vigil/runtime/hub/Timeline"
import * as fc from "effect/FastCheck"
import { picture } from "../material/AccessUnits.js"

const at = (media: number, received: number) => picture(1, { mediaTime: mediaTime(media), received: monotonicTime(received) })

describe("Timeline", () => {
  it("starts at zero and keeps a connection's own distances", () => {
    const timeline = makeTimeline()
    expect(timeline.place(at(5_000_000, 100)).mediaTime).toBe(0)
    expect(timeline.place(at(5_040_000, 141)).mediaTime).toBe(40_000)
  })

  it("goes on after a reconnect by the time that passed", () => {
    const timeline = makeTimeline()
    timeline.place(at(0, 0))
    timeline.place(at(40_000, 40))
    timeline.restart()
    expect(timeline.place(at(0, 2_040)).mediaTime).toBe(2_040_000)
  })

  it("takes a jump of the source's counter for a new start", () => {
    const timeline = makeTimeline()
    timeline.place(at(0, 0))
    expect(timeline.place(at(90_000_000_000, 40)).mediaTime).toBe(40_000)
    expect(timeline.place(at(0, 80)).mediaTime).toBe(80_000)
  })

  it("never goes back over any number of connections", () => {
    const connection = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1_000_000_000), connection), { maxLength: 8 }), (connections) => {
        const timeline = makeTimeline()
        let received = 0
        let newest = -1
        for (const [start, steps] of connections) {
          timeline.restart()
          let media = start
          for (const step of steps) {
            media += step * 1000
            received += step
            const placed = timeline.place(at(media, received)).mediaTime
            expect(placed).toBeGreaterThan(newest)
            newest = placed
          }
        }
      })
    )
  })
})
