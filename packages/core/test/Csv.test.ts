import { formatCsv, parseCsv } from "@vigil/core/Csv"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

describe("CSV", () => {
  it("is read as it was written", () => {
    const field = fc.oneof(fc.string(), fc.constantFrom("=1+1", "-3", "@x", 'a"b', "a\r\nb", "a;b", " a ", "'", "\t", ""))
    const rows = fc.array(
      fc.array(field, { minLength: 2, maxLength: 4 }).filter((row) => row.join("") !== ""),
      { minLength: 1 }
    )
    fc.assert(
      fc.property(rows, (table) => {
        // The separator is found by the first row, as other programs write others; an apostrophe before a formula is taken for ours.
        fc.pre(!table.flat().some((text) => /^'[=+\-@\t\r]/.test(text)))
        const headed = [["name", "url", "tags", "groups", "place"], ...table]
        expect(parseCsv(formatCsv(headed))).toEqual(headed)
      })
    )
  })

  it("never holds a formula", () => {
    expect(formatCsv([["=HYPERLINK(1)", "+1", "-1", "@a", "a=1"]])).toBe("'=HYPERLINK(1),'+1,'-1,'@a,a=1\r\n")
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
    ['name,url\n"never closed', [["name", "url"], ["never closed"]]],
    ["a,b\n\nc,", [["a", "b"], [""], ["c", ""]]],
    ["", []]
  ])("reads %j", (text, rows) => {
    expect(parseCsv(text)).toEqual(rows)
  })
})
