import { describe, expect, it } from "@effect/vitest"
import { readXlsx, writeXlsx } from "@vigil/api/sheet/Xlsx"
import { type ZipPart, zipStream } from "@vigil/api/zip/ZipStream"
import { Chunk, Effect, Stream } from "effect"
import * as fc from "effect/FastCheck"

const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
const relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

const makeZip = (files: ReadonlyArray<ZipPart>) =>
  Effect.map(Stream.runCollect(zipStream(Stream.fromIterable(files))), (chunks) => Buffer.concat(Chunk.toReadonlyArray(chunks)))

/** As spreadsheet programs write them: prefixes, shared strings, formulas, gaps, the first sheet not the first file. */
const workbook = (sheet: string, strings = "") =>
  makeZip([
    [
      "xl/workbook.xml",
      `<x:workbook xmlns:x="${main}" xmlns:r="${relations}"><x:sheets><x:sheet name="A" sheetId="7" r:id="rId9"/><x:sheet name="B" sheetId="1" r:id="rId1"/></x:sheets></x:workbook>`
    ],
    [
      "xl/_rels/workbook.xml.rels",
      `<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId9" Target="/xl/worksheets/sheet2.xml"/></Relationships>`
    ],
    ["xl/worksheets/sheet1.xml", `<worksheet><sheetData/></worksheet>`],
    ["xl/worksheets/sheet2.xml", `<worksheet xmlns="${main}"><sheetData>${sheet}</sheetData></worksheet>`],
    ["xl/sharedStrings.xml", `<sst xmlns="${main}">${strings}</sst>`]
  ])

const refused = (file: Effect.Effect<Uint8Array>) =>
  Effect.map(Effect.flip(Effect.flatMap(file, readXlsx)), ({ message }) => message)

describe("XLSX", () => {
  it.effect("is read as it was written", () =>
    Effect.promise(() =>
      fc.assert(
        // Without what XML 1.0 has no place for, and carriage returns, which it reads as line feeds.
        fc.asyncProperty(
          fc.array(
            fc.array(
              fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\p{Cc}\p{Cs}]/gu, "")),
              { minLength: 1, maxLength: 5 }
            ),
            {
              minLength: 1,
              maxLength: 20
            }
          ),
          async (rows) => {
            expect(await Effect.runPromise(Effect.flatMap(writeXlsx(rows), readXlsx))).toEqual(rows)
          }
        ),
        { numRuns: 50 }
      )
    )
  )

  it.effect("is read as other programs write it", () =>
    Effect.gen(function* () {
      const file = yield* workbook(
        `<row r="1"><c r="A1" t="s"><v>1</v></c><c r="C1" t="s"><v>0</v></c></row>
         <row r="3"><c r="B3" t="b"><v>1</v></c><c r="C3"><f>1+1</f><v>2</v></c><c r="D3" t="str"><v>x</v></c></row>`,
        `<si><r><t>ri</t></r><r><t xml:space="preserve">ch </t></r><rPh sb="0" eb="1"><t>hint</t></rPh></si><si><t>a&amp;b</t></si>`
      )
      expect(yield* readXlsx(file)).toEqual([["a&b", "", "rich "], [], ["", "yes", "2", "x"]])
    })
  )

  it.effect("is refused where it is damaged, too large or a bomb", () =>
    Effect.gen(function* () {
      expect(yield* refused(workbook(`<row r="1"><c r="A1"><v>${"0".repeat(40_000_000)}</v></c></row>`))).toMatch(
        /unpacks to more/
      )
      expect(yield* refused(workbook(`<row r="20000"/>`))).toMatch(/more than 10000 rows/)
      expect(yield* refused(workbook(`<row r="1"><c r="XFD1"><v>1</v></c></row>`))).toMatch(/more than 64 columns/)
      expect(yield* refused(workbook(`<row r="1"><c r="A1"><v>${"a".repeat(5000)}</v></c></row>`))).toMatch(/4096 characters/)
      expect(yield* refused(workbook(`<row r="2"/><row r="1"/>`))).toMatch(/no order/)
      expect(yield* refused(workbook(`<row r="1">`))).toMatch(/damaged XML/)
      expect(yield* refused(makeZip([["a.txt", "a"]]))).toMatch(/no XLSX workbook/)
      expect(
        yield* refused(
          makeZip([
            ["xl/workbook.xml", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`],
            ["xl/_rels/workbook.xml.rels", "<a/>"]
          ])
        )
      ).toMatch(/document type/)
    })
  )

  it.effect("ends in a sentence, whatever bytes it has", () =>
    Effect.gen(function* () {
      const whole = yield* writeXlsx([
        ["name", "url"],
        ["a", "b"]
      ])
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
            fc.nat(whole.length),
            async (changes, cut) => {
              const bytes = Uint8Array.from(whole)
              for (const [at, value] of changes) bytes[at] = value
              for (const file of [bytes, bytes.subarray(0, cut)]) {
                const exit = await Effect.runPromiseExit(readXlsx(file))
                expect(exit._tag === "Success" || exit.cause._tag === "Fail").toBe(true)
              }
            }
          ),
          { numRuns: 300 }
        )
      )
    })
  )
})
