import { watchRecoveries } from "@vigil/bench/soak/Recoveries"
import { describe, expect, it } from "vitest"

const start = 1_000_000

const watching = () => {
  const recoveries = watchRecoveries(1)
  recoveries.start(start)
  return recoveries
}

describe("watchRecoveries", () => {
  it("counts from a fault's end to Streaming with a picture that was captured after it", () => {
    const recoveries = watching()
    recoveries.begin(0, "freeze")
    recoveries.end(0, "freeze", start + 1000)
    recoveries.overlay(0, start + 1200, start + 900)
    recoveries.sample(0, start + 1300, true)
    recoveries.overlay(0, start + 2000, start + 1500)
    recoveries.sample(0, start + 2100, false)
    recoveries.sample(0, start + 2500, true)
    expect(recoveries.figures()).toEqual([{ kind: "freeze", count: 1, overtaken: 0, p95: 1.5, max: 1.5 }])
  })

  it("does not measure what another fault overtook", () => {
    const recoveries = watching()
    recoveries.begin(0, "loss")
    recoveries.end(0, "loss", start)
    recoveries.begin(0, "refuse")
    recoveries.end(0, "worker-kill", start + 500)
    recoveries.end(0, "refuse", start + 1000)
    recoveries.overlay(0, start + 3000, start + 2990)
    recoveries.sample(0, start + 3000, true)
    expect(recoveries.figures()).toEqual([
      { kind: "loss", count: 1, overtaken: 1, p95: 0, max: 0 },
      { kind: "refuse", count: 1, overtaken: 0, p95: 2, max: 2 }
    ])
  })

  it("reports a silent camera once, when its last fault is long over", () => {
    const recoveries = watching()
    recoveries.end(0, "kill-close", start + 1000)
    for (let second = 2; second <= 16; second++) recoveries.sample(0, start + second * 1000, false)
    expect(recoveries.outages()).toEqual([])
    for (let second = 17; second <= 30; second++) recoveries.sample(0, start + second * 1000, false)
    expect(recoveries.outages()).toEqual([{ camera: 0, from: 17, after: "kill-close" }])
  })

  it("leaves cameras alone while their fault lasts, and while they stream", () => {
    const recoveries = watching()
    recoveries.begin(0, "freeze")
    recoveries.sample(0, start + 60_000, false)
    recoveries.end(0, "freeze", start + 60_000)
    for (let second = 61; second < 120; second++) {
      recoveries.overlay(0, start + second * 1000, start + second * 1000)
      recoveries.sample(0, start + second * 1000, true)
    }
    expect(recoveries.outages()).toEqual([])
  })
})
