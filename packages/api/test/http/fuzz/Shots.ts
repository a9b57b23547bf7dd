import * as fc from "effect/FastCheck"
import { arbitraryOf, damaged, hostile, type JsonObject } from "./JsonSchemaArbitrary.js"
import type { Operation } from "./Operations.js"

/** One request. */
export interface Shot {
  readonly operation: Operation
  readonly who: "admin" | "supervisor" | "operator" | "viewer" | "nobody" | "stranger"
  /** As the document says; otherwise something in it is wrong. */
  readonly proper: boolean
  /** Which id of those that exist; none: `oddId`. */
  readonly known: number | undefined
  /** Encoded for a path. */
  readonly oddId: string
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: unknown
  /** Instead of `body`. */
  readonly bytes: Uint8Array | undefined
}

const parametersOf = (document: JsonObject, list: Operation["queryParameters"], proper: boolean) =>
  fc.record(
    Object.fromEntries(
      list.map(({ name, schema }) => {
        const allowed = arbitraryOf(document, schema)
        return [name, proper ? allowed : fc.oneof(allowed, hostile)]
      })
    ),
    { requiredKeys: [] }
  )

/** Lone surrogates cannot be encoded. */
const anyText = fc.string({ unit: "grapheme-composite", minLength: 1, maxLength: 30 })

/** Requests of any operation by anybody, half of them as the document says. */
export const shots = (document: JsonObject, operations: ReadonlyArray<Operation>): fc.Arbitrary<Shot> =>
  fc.tuple(fc.constantFrom(...operations), fc.boolean()).chain(([operation, proper]) => {
    const body = operation.body === undefined ? fc.constant(undefined) : arbitraryOf(document, operation.body.schema)
    return fc.record({
      operation: fc.constant(operation),
      who: fc.constantFrom<Shot["who"]>("admin", "admin", "admin", "supervisor", "operator", "viewer", "nobody", "stranger"),
      proper: fc.constant(proper),
      known: fc.option(fc.nat(), { nil: undefined, freq: 4 }),
      // Clients take dots for folders.
      oddId: fc
        .oneof(
          fc.uuid(),
          anyText.filter((text) => !/^\.+$/.test(text))
        )
        .map(encodeURIComponent),
      query: parametersOf(document, operation.queryParameters, proper),
      headers: parametersOf(document, operation.headerParameters, proper),
      body: proper ? body : fc.oneof(body.chain(damaged), hostile),
      bytes: proper ? fc.constant(undefined) : fc.option(fc.uint8Array({ maxLength: 200 }), { nil: undefined, freq: 4 })
    })
  })
