import { cameraFaultKinds, planFaults } from "@vigil/bench/soak/FaultPlan"
import { describe, expect, it } from "vitest"

const options = { cameras: 16, seconds: 600, seed: 5 }

describe("planFaults", () => {
  it("plans the same for the same seed, and otherwise for another", () => {
    expect(planFaults(options)).toEqual(planFaults(options))
    expect(planFaults({ ...options, seed: 6 })).not.toEqual(planFaults(options))
  })

  it("lets each kind happen about as often", () => {
    const { cameras, workers } = planFaults(options)
    const counts = cameraFaultKinds.map((kind) => cameras.filter((fault) => fault.kind === kind).length)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    const kills = workers.filter(({ kind }) => kind === "worker-kill").length
    expect(Math.abs(kills - workers.length / 2)).toBeLessThanOrEqual(1)
  })

  it("leaves every camera time to recover after each of its faults, and after the last", () => {
    const { cameras } = planFaults(options)
    for (let camera = 0; camera < options.cameras; camera++) {
      const own = cameras.filter((fault) => fault.camera === camera)
      expect(own.length).toBeGreaterThan(10)
      own.forEach(({ begin, end }, index) => {
        expect(end).toBeGreaterThanOrEqual(begin)
        expect((own[index + 1]?.begin ?? options.seconds) - end).toBeGreaterThan(15)
      })
    }
  })
})
