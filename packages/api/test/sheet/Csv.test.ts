import { readCsv, writeCsv } from "@vigil/api/sheet/Csv"
import { Effect } from "effect"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const read = (text: string) => Effect.runPromise(readCsv(text))

describe("CSV", () => {
  it("is read as it was written", async () => {
    const field = fc.oneof(
      fc.string(),
      fc.constantFrom("=1+1", "-3", "@x", "'=1", "''-", 'a"b', "a\r\nb", "a\nb", "a\rb", "a;b", " a ", "'", "\t", "")
    )
    const rows = fc.array(
      fc.array(field, { minLength: 2, maxLength: 4 }).filter((row) => row.join("") !== ""),
      { minLength: 1 }
    )
    await fc.assert(
      fc.asyncProperty(rows, async (table) => {
        // The separator is found by the first row, as other programs write others.
        const headed = [["name", "url", "tags", "groups", "place"], ...table]
        expect(await read(writeCsv(headed))).toEqual(headed)
      })
    )
  })

  it("never holds a formula", () => {
    expect(writeCsv([["=HYPERLINK(1)", "+1", "-1", "@a", "a=1"]])).toBe("'=HYPERLINK(1),'+1,'-1,'@a,a=1\r\n")
  })

  it.each([
    [
      "name;url\na;b\n",
      [
        ["name", "url"],
        ["a", "b"]
      ]
    ],
    [
      "\uFEFFname\turl\r\na\tb",
      [
        ["name", "url"],
        ["a", "b"]
      ]
    ],
    [
      'name,url\n"a, b","c\n""d"""',
      [
        ["name", "url"],
        ["a, b", 'c\n"d"']
      ]
    ],
    ["a,b\n\nc,", [["a", "b"], [""], ["c", ""]]],
    ["", []]
  ])("reads %j", async (text, rows) => {
    expect(await read(text)).toEqual(rows)
  })

  it("is refused where a quote is never closed, and where a row or the file is too long", async () => {
    const refusal = (text: string) => Effect.runPromise(Effect.map(Effect.flip(readCsv(text)), ({ message }) => message))
    expect(await refusal('name,url\n"never closed')).toMatch(/Quote Not Closed/)
    expect(await refusal(`name,url\n"${"a".repeat(1_000_000)}`)).toMatch(/Max Record Size/)
    expect(await refusal("a,b\n".repeat(20_000))).toMatch(/more than 10000 rows/)
  })
})
