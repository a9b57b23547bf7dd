import { expect, it } from "vitest"
import { webAddress } from "../../src/words/EventWords.js"

it("takes a ticket for an address where it is one of the web, and for a name elsewhere", () => {
  expect(webAddress("https://tickets.example.com/4711")).toBe("https://tickets.example.com/4711")
  expect(
    ["OPS-4711", "javascript://%0aalert(1)", "https://", "data:text/html,x", "//tickets.example.com"].map(webAddress)
  ).toEqual(Array.from({ length: 5 }, () => undefined))
})
