import { describe, expect, it } from "@effect/vitest"
import { pageCursors } from "@vigil/core/PageCursor"
import { Data, DateTime, Effect, Either, Equal, Schema } from "effect"
import * as fc from "effect/FastCheck"

const Position = Schema.Struct({ key: Schema.String, id: Schema.Int })

interface Query {
  readonly search?: string
  readonly sort: string
  readonly from?: DateTime.Utc
  readonly cursor?: string
  readonly limit?: number
  readonly count?: boolean
}

const things = pageCursors<typeof Position.Type, typeof Position.Encoded, Query>("things", Position)
const others = pageCursors<typeof Position.Type, typeof Position.Encoded, Query>("others", Position)

const position = fc.record({ key: fc.string({ unit: "grapheme" }), id: fc.integer() })
const moment = fc.integer({ min: 0, max: 1e12 }).map((millis) => DateTime.unsafeMake(millis))
const query: fc.Arbitrary<Query> = fc.record({ search: fc.string(), sort: fc.string(), from: moment }, { requiredKeys: ["sort"] })

const parsed = (cursors: typeof things, asked: Query) => Effect.runSync(Effect.either(cursors.parse(asked)))

describe("a page cursor", () => {
  it("comes back from its text as it was, however the list is walked", () => {
    fc.assert(
      fc.property(position, query, (given, asked) => {
        const cursor = things.format({ ...asked, limit: 5 }, given)
        expect(encodeURIComponent(cursor)).toBe(cursor)
        const again = Object.fromEntries(Object.entries(asked).reverse())
        expect(parsed(things, { ...again, sort: asked.sort, cursor, limit: 7, count: true })).toEqual(Either.right(given))
        expect(parsed(things, asked)).toEqual(Either.right(undefined))
      })
    )
  })

  it("is refused by another list, with another filter or sort, and once it was changed", () => {
    fc.assert(
      fc.property(position, query, query, fc.nat(), (given, asked, other, at) => {
        const cursor = things.format(asked, given)
        expect(Either.isLeft(parsed(others, { ...asked, cursor }))).toBe(true)
        fc.pre(!Equal.equals(Data.struct(asked), Data.struct(other)))
        expect(Either.isLeft(parsed(things, { ...other, cursor }))).toBe(true)
        const place = at % cursor.length
        const changed = cursor.slice(0, place) + (cursor[place] === "A" ? "B" : "A") + cursor.slice(place + 1)
        expect(Either.isLeft(parsed(things, { ...asked, cursor: changed }))).toBe(true)
      })
    )
  })

  it("is refused where the text is anything else", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.base64String(), fc.constantFrom(".", "..", "e30.", "bnVsbA.AAAA")),
        query,
        (cursor, asked) => {
          const refused = Either.flip(parsed(things, { ...asked, cursor }))
          expect(Either.getOrThrow(refused)._tag).toBe("CursorRefused")
        }
      )
    )
  })
})
