import { expect, it } from "vitest"
import { changeTexts, fieldWords, valueText } from "../../src/words/HistoryWords.js"

const names = new Map([["00000000-0000-4000-8000-0000000000b0", "North/Hall"]])
const door = (x: number) => [
  {
    name: "Door",
    polygon: [
      { x, y: 0 },
      { x: 1, y: 0 },
      { x: 1, y: 1 }
    ]
  }
]

it("says values as people would", () => {
  expect(valueText(null, names)).toBe("nothing")
  expect(valueText([], names)).toBe("none")
  expect(valueText(true, names)).toBe("yes")
  expect(valueText(["entrance", "dock"], names)).toBe("entrance, dock")
  expect(valueText("00000000-0000-4000-8000-0000000000b0", names)).toBe("North/Hall")
  expect(valueText(door(0), names)).toBe("Door (3 corners)")
  expect(valueText([{ analytic: "motion", settings: {} }], names)).toBe("motion")
  expect(valueText({ duration: 5 }, names)).toBe('{"duration":5}')
})

it("says that something differs where both sides read alike", () => {
  expect(changeTexts(3, 4, names)).toEqual(["3", "4"])
  expect(changeTexts(door(0), door(0.5), names)).toEqual(["Door (3 corners)", "Door (3 corners), with other details"])
})

it("names fields, and leaves the keys of settings as they are", () => {
  expect(fieldWords("placeId")).toBe("Place")
  expect(fieldWords("hasCredentials")).toBe("Has credentials")
  expect(fieldWords("segment.duration")).toBe("segment.duration")
})
