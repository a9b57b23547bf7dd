import { describe, expect, it } from "@effect/vitest"
import { afterFailure, afterHang, closedCircuit, pause } from "@vigil/runtime/inference/Circuit"

describe("Circuit", () => {
  it("forgives two failures, then pauses twice as long after each, up to a minute", () => {
    let circuit = closedCircuit
    const pauses = Array.from({ length: 11 }, () => {
      circuit = afterFailure(circuit, 1000)
      return pause(circuit, 1000)
    })
    expect(pauses).toEqual([0, 0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
  })

  it("lets runs through again when the pause is over", () => {
    const circuit = afterHang(0)
    expect(pause(circuit, 59_999)).toBe(1)
    expect(pause(circuit, 60_000)).toBe(0)
  })
})
