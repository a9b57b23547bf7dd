import { expect, it } from "vitest"
import { sentence } from "../../src/words/Sentence.js"

it("begins with a capital and ends with one full stop", () => {
  expect(["the licence ended", "Try again.", "é"].map(sentence)).toEqual(["The licence ended.", "Try again.", "É."])
})
