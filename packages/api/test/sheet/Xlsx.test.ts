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
const workbook = (sheet: string, strings = "", more: ReadonlyArray<ZipPart> = [], properties = "") =>
  makeZip([
    [
      "xl/workbook.xml",
      `<x:workbook xmlns:x="${main}" xmlns:r="${relations}">${properties}<x:sheets><x:sheet name="A" sheetId="7" r:id="rId9"/><x:sheet name="B" sheetId="1" r:id="rId1"/></x:sheets></x:workbook>`
    ],
    [
      "xl/_rels/workbook.xml.rels",
      `<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId9" Target="/xl/worksheets/sheet2.xml"/></Relationships>`
    ],
    ["xl/worksheets/sheet1.xml", `<worksheet><sheetData/></worksheet>`],
    ["xl/worksheets/sheet2.xml", `<worksheet xmlns="${main}"><sheetData>${sheet}</sheetData></worksheet>`],
    ["xl/sharedStrings.xml", `<sst xmlns="${main}">${strings}</sst>`],
    ...more
  ])

const refused = (file: Effect.Effect<Uint8Array>) =>
  Effect.map(Effect.flip(Effect.flatMap(file, readXlsx)), ({ message }) => message)

describe("XLSX", () => {
  it.effect("is read as it was written", () =>
    Effect.promise(() =>
      fc.assert(
        // Without halves of surrogate pairs, which UTF-8 has no place for.
        fc.asyncProperty(
          fc.array(
            fc.array(
              fc
                .oneof(fc.string({ unit: "binary" }), fc.constantFrom("_x0041_", "a\r\n\tb", "_x005F_", "\uffff\0"))
                .map((text) => text.replace(/\p{Cs}/gu, "")),
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
      expect(yield* readXlsx(file)).toEqual([["a&b", "", "rich "], [], ["", "true", "2", "x"]])
    })
  )

  it.effect("shows what people see: dates, times, percents, leading zeros, numbers of 15 digits", () =>
    Effect.gen(function* () {
      const styled = (style: number, value: string, type = "n") => `<c s="${style}" t="${type}"><v>${value}</v></c>`
      const cells = [
        styled(0, "46347"),
        styled(1, "46347"),
        styled(2, "46347.645833333336"),
        styled(2, "46347"),
        styled(3, "0.645833333333333"),
        styled(4, "46347"),
        styled(5, "1.0625"),
        styled(6, "42"),
        styled(7, "0.125"),
        styled(0, "0.30000000000000004"),
        styled(0, "1.2E+3"),
        styled(9, "5"),
        styled(8, "7"),
        styled(1, "-1"),
        styled(1, "99999999999999"),
        styled(1, "2026-11-21T00:00:00", "d"),
        `<c t="inlineStr"><is><r><t>in</t></r><r><t>line_x000D_</t></r><rPh sb="0" eb="1"><t>hint</t></rPh></is></c>`,
        `<c t="e"><f>1/0</f><v>#DIV/0!</v></c>`,
        `<c><f>NOW()</f></c>`
      ].join("")
      const styles = `<styleSheet><numFmts><numFmt numFmtId="170" formatCode="[$-407]d\\. mmmm yyyy;@"/><numFmt numFmtId="171" formatCode="[h]:mm:ss"/>
        <numFmt numFmtId="172" formatCode="00000"/><numFmt numFmtId="173" formatCode="0.0%"/><numFmt numFmtId="174" formatCode="0&quot; days&quot;"/></numFmts>
        <cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>${[0, 14, 22, 20, 170, 171, 172, 173, 174]
          .map((id) => `<xf numFmtId="${id}"/>`)
          .join("")}</cellXfs></styleSheet>`
      const read = (properties: string) =>
        Effect.flatMap(workbook(`<row r="1">${cells}</row>`, "", [["xl/styles.xml", styles]], properties), readXlsx)
      expect((yield* read(""))[0]).toEqual([
        "46347",
        "2026-11-21",
        "2026-11-21 15:30:00",
        "2026-11-21",
        "15:30:00",
        "2026-11-21",
        "25:30:00",
        "00042",
        "12.5%",
        "0.3",
        "1200",
        "5",
        "7",
        "-1",
        "99999999999999",
        "2026-11-21",
        "inline\r",
        "#DIV/0!",
        ""
      ])
      expect((yield* read(`<workbookPr date1904="1"/>`))[0]?.[1]).toBe("2030-11-22")
    })
  )

  it.effect("is refused where it is damaged, too large or a bomb", () =>
    Effect.gen(function* () {
      expect(yield* refused(workbook(`<row r="1"><c r="A1"><v>${"0".repeat(40_000_000)}</v></c></row>`))).toMatch(
        /unpacks to more/
      )
      expect(yield* refused(workbook(`<row r="20000"/>`))).toMatch(/more than 10000 rows/)
      expect(yield* refused(workbook(`<row r="1"><c r="XFD1"><v>1</v></c></row>`))).toMatch(/more than 64 columns/)
      expect(yield* refused(workbook(`<row r="1"><c r="A1"><v>${"a".repeat(40_000)}</v></c></row>`))).toMatch(/32767 characters/)
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
