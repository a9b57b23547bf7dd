import { describe, expect, it } from "@effect/vitest"
import { compareCursors, type EventCursor, formatCursor, parseCursor } from "@vigil/core/EventCursor"
import { EventId } from "@vigil/core/Ids"
import { DateTime, Option } from "effect"
import * as fc from "effect/FastCheck"

const cursor: fc.Arbitrary<EventCursor> = fc.record({
  timestamp: fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }).map((millis) => DateTime.unsafeMake(millis)),
  eventId: fc.uuid().map((text) => EventId.make(text))
})

describe("an event cursor", () => {
  it("comes back from its text as it was", () => {
    fc.assert(
      fc.property(cursor, (given) => {
        const text = formatCursor(given)
        expect(encodeURIComponent(text)).toBe(text)
        expect(Option.getOrThrow(parseCursor(text))).toEqual(given)
      })
    )
  })

  it("is nothing where the text is anything else", () => {
    for (const text of [
      "",
      "~",
      "1~2",
      "x~00000000-0000-4000-8000-000000000001",
      "1~00000000-0000-4000-8000-000000000001~",
      "9999999999999999~00000000-0000-4000-8000-000000000001"
    ]) {
      expect(parseCursor(text), text).toEqual(Option.none())
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(Option.isOption(parseCursor(text))).toBe(true)
      })
    )
  })

  it("has an order: newest first", () => {
    fc.assert(
      fc.property(cursor, cursor, cursor, (a, b, c) => {
        expect(Math.sign(compareCursors(a, b))).toBe(-Math.sign(compareCursors(b, a)) || 0)
        expect(compareCursors(a, a)).toBe(0)
        if (compareCursors(a, b) < 0 && compareCursors(b, c) < 0) expect(compareCursors(a, c)).toBeLessThan(0)
        if (DateTime.lessThan(a.timestamp, b.timestamp)) expect(compareCursors(b, a)).toBeLessThan(0)
      })
    )
  })
})
