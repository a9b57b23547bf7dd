/**
 * Cursors of lists that come in pages: where a page ended, and a mark of the list that it is a page of. One that was made for another list, sort order or filter,
 * or was changed on its way, is refused: it would name a place that is not in this list. The mark keeps no secret, a place is only a value to go on from.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { Effect, Encoding, Either, Option, Schema } from "effect"

/** The cursor is none of a page of this list. */
export class CursorRefused extends Schema.TaggedError<CursorRefused>()("CursorRefused", {}) {
  override get message() {
    return "the cursor is not the nextCursor of a page of this list with the same filters and the same sort: give it back with the query that it came from, or leave it out to begin at the first page"
  }
}

/** As it travels in a query. */
export const CursorText = Schema.String.pipe(Schema.maxLength(2000))

interface PagedQuery {
  readonly cursor?: string | undefined
}

/** How a list is walked does not change what is in it, nor in which order. */
const walking: ReadonlySet<string> = new Set(["cursor", "limit", "count"])

const markBytes = 12

const utf8 = new TextEncoder()

const markOf = (list: string, query: PagedQuery, position: string): string => {
  const said = Object.keys(query)
    .filter((key) => !walking.has(key))
    .sort()
  return Encoding.encodeBase64Url(
    sha256(utf8.encode([list, JSON.stringify(query, said), position].join("\n"))).subarray(0, markBytes)
  )
}

/** The cursors of one list; `Position` is where a page can end. Texts are safe in URLs. */
export const pageCursors = <A, I, Query extends PagedQuery>(
  list: string,
  Position: Schema.Schema<A, I>,
  fits: (position: A, query: Query) => boolean = () => true
) => {
  const PositionText = Schema.parseJson(Position)
  const encode = Schema.encodeSync(PositionText)
  const decode = Schema.decodeOption(PositionText)

  const read = (text: string, query: Query): Option.Option<A> => {
    const [encoded = "", mark, ...rest] = text.split(".")
    if (rest.length > 0) return Option.none()
    return Either.getRight(Encoding.decodeBase64UrlString(encoded)).pipe(
      Option.filter((position) => mark === markOf(list, query, position)),
      Option.flatMap((position) => decode(position)),
      Option.filter((position) => fits(position, query))
    )
  }

  return {
    /** The `nextCursor` of a page that ended there. */
    format: (query: Query, position: A): string => {
      const text = encode(position)
      return `${Encoding.encodeBase64Url(text)}.${markOf(list, query, text)}`
    },
    /** Where the page before ended; undefined where the first one is asked for. */
    parse: (query: Query): Effect.Effect<A | undefined, CursorRefused> =>
      query.cursor === undefined
        ? Effect.succeed(undefined)
        : Effect.mapError(read(query.cursor, query), () => new CursorRefused())
  }
}
