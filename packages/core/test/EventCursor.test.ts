import { describe, expect, it } from "@effect/vitest"
import { EventQuery } from "@vigil/core/Event"
import { compareCursors, type EventCursor, eventCursors } from "@vigil/core/EventCursor"
import { EventId } from "@vigil/core/Ids"
import { DateTime, Effect } from "effect"
import * as fc from "effect/FastCheck"

const cursor: fc.Arbitrary<EventCursor> = fc.record({
  timestamp: fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }).map((millis) => DateTime.unsafeMake(millis)),
  eventId: fc.uuid().map((text) => EventId.make(text))
})

describe("an event cursor", () => {
  it("comes back from its text as it was", () => {
    fc.assert(
      fc.property(cursor, (given) => {
        const query = EventQuery.make({})
        expect(Effect.runSync(eventCursors.parse({ ...query, cursor: eventCursors.format(query, given) }))).toEqual(given)
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
