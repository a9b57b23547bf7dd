import { monotonicTime } from "@vigil/core/Time"
import { SourceMeter } from "@vigil/runtime/source/SourceMeter"
import { describe, expect, it } from "vitest"

const fill = (meter: SourceMeter, from: number, to: number) => {
  for (let at = from; at < to; at += 50) {
    meter.onPacket(1000, monotonicTime(at))
    meter.onAccessUnit(true, at % 1000 === 0, at % 500 === 0, monotonicTime(at))
    meter.onAccessUnit(false, true, false, monotonicTime(at))
  }
}

describe("SourceMeter", () => {
  it("counts", () => {
    const meter = new SourceMeter()
    fill(meter, 0, 2000)
    meter.onBrokenFrame()
    expect(meter.read(monotonicTime(2000), 1.5)).toMatchObject({
      bytes: 40_000,
      packets: 40,
      accessUnits: 80,
      damagedAccessUnits: 5,
      keyframes: 2,
      jitter: 1.5
    })
  })

  it("has rates from the first half second on, over the last five seconds", () => {
    const meter = new SourceMeter()
    expect(meter.read(monotonicTime(0), 0)).toMatchObject({ bitrate: 0, framesPerSecond: 0 })
    fill(meter, 10_000, 11_000)
    expect(meter.read(monotonicTime(11_000), 0)).toMatchObject({ bitrate: 160_000, framesPerSecond: 20 })
    fill(meter, 11_000, 60_000)
    expect(meter.read(monotonicTime(60_000), 0)).toMatchObject({ bitrate: 160_000, framesPerSecond: 20 })
  })

  it("comes down to nothing when nothing comes", () => {
    const meter = new SourceMeter()
    fill(meter, 0, 10_000)
    expect(meter.read(monotonicTime(12_500), 0).framesPerSecond).toBe(10)
    expect(meter.read(monotonicTime(16_000), 0)).toMatchObject({ bitrate: 0, framesPerSecond: 0 })
    expect(meter.read(monotonicTime(1e9), 0)).toMatchObject({ bitrate: 0, framesPerSecond: 0 })
  })
})
