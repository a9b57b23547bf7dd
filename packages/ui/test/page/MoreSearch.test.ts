import { expect, it } from "vitest"
import { cameraSearch } from "../../src/page/CameraSearch.js"
import { isNarrowed, moreSearch } from "../../src/page/MoreSearch.js"

it("keeps how much of a list is shown, within bounds, and is no filter", () => {
  expect(["2", 3, "1000000"].map((more) => moreSearch({ more }).more)).toEqual([2, 3, 200])
  expect(["0", "-1", "1.5", "x", undefined].map((more) => moreSearch({ more }))).toEqual(Array.from({ length: 5 }, () => ({})))
  expect(cameraSearch({ tag: "yard", more: "2" })).toEqual({ tag: "yard", more: 2 })
  expect([{ more: 2 }, {}, { more: 2, tag: "yard" }].map(isNarrowed)).toEqual([false, false, true])
})
