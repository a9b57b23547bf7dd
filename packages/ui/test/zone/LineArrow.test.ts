import { expect, it } from "vitest"
import { arrow } from "../../src/zone/LineArrow.js"

const size = { width: 100, height: 100 }
const upwards = { from: { x: 0.5, y: 1 }, to: { x: 0.5, y: 0 } }

const tip = (points: string | undefined): ReadonlyArray<number> => points?.split(" ")[1]?.split(",").map(Number) ?? []

it("points forward to the right-hand side of somebody who walks along the line", () => {
  const [forward] = arrow({ ...upwards, direction: "forward" }, size, 10)
  expect(tip(forward)).toEqual([60, 50])
})

it("points to the left-hand side for backward, and to both for both", () => {
  expect(arrow({ ...upwards, direction: "backward" }, size, 10).map(tip)).toEqual([[40, 50]])
  expect(arrow({ ...upwards, direction: "both" }, size, 10).map(tip)).toEqual([
    [60, 50],
    [40, 50]
  ])
})

it("has no arrow on a line without length", () => {
  expect(arrow({ from: { x: 0.5, y: 0.5 }, to: { x: 0.5, y: 0.5 }, direction: "both" }, size, 10)).toEqual([])
})
