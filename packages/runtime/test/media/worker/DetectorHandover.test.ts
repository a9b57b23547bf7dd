import { describe, expect, it } from "@effect/vitest"
import { mediaTime, monotonicTime, wallTime } from "@vigil/core/Time"
import { handOver } from "@vigil/runtime/media/worker/DetectorHandover"
import type { Detectors } from "@vigil/runtime/media/worker/Detectors"

type See = Parameters<Detectors["see"]>

/** Detectors whose models are loaded when the test says so. */
const played = (ready: boolean) => {
  const told = { seen: 0, closed: 0, ready }
  const detectors: Detectors = {
    see: async () => {
      told.seen++
    },
    idle: async () => {},
    ready: () => told.ready,
    close: () => {
      told.closed++
    }
  }
  return { ...detectors, told }
}

const frame: See[1] = {
  frame: 1,
  size: { width: 2, height: 2 },
  mediaTime: mediaTime(0),
  wallTime: wallTime(0),
  wallClockOrigin: "receive",
  received: monotonicTime(0)
}
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody looks at it
const picture = {} as See[0]

describe("detectors that follow others", () => {
  it("let those go on until their own models are loaded, and leave no frame out", async () => {
    const [before, next] = [played(true), played(false)]
    const handover = handOver(next, handOver(before, undefined))
    await handover.see(picture, frame, true)
    expect([before.told.seen, next.told.seen, before.told.closed]).toEqual([1, 0, 0])
    next.told.ready = true
    await handover.see(picture, frame, true)
    await handover.see(picture, frame, true)
    expect([before.told.seen, next.told.seen, before.told.closed]).toEqual([1, 2, 1])
    handover.close()
    expect([before.told.closed, next.told.closed]).toEqual([1, 1])
  })

  it("that never get their models change nothing, and are closed when others follow", async () => {
    const [first, broken, last] = [played(true), played(false), played(false)]
    const second = handOver(broken, handOver(first, undefined))
    await second.see(picture, frame, true)
    const third = handOver(last, second)
    await third.see(picture, frame, true)
    expect([first.told, broken.told]).toMatchObject([
      { seen: 2, closed: 0 },
      { seen: 0, closed: 1 }
    ])
    last.told.ready = true
    await third.see(picture, frame, true)
    expect([first.told, last.told]).toMatchObject([{ closed: 1 }, { seen: 1, closed: 0 }])
  })

  it("are alone where there is nobody before them", async () => {
    const only = played(false)
    const handover = handOver(only, undefined)
    await handover.see(picture, frame, true)
    expect(only.told.seen).toBe(1)
    expect(handover.atWork()).toBe(only)
    expect(only.told.closed).toBe(0)
  })
})
