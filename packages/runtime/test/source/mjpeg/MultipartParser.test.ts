import {
  boundaryOf,
  defaultMultipartLimits,
  MultipartParser,
  MultipartSyntaxError
} from "@vigil/runtime/source/mjpeg/MultipartParser"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const parse = (boundary: string, chunks: ReadonlyArray<Uint8Array>, limits = defaultMultipartLimits): ReadonlyArray<string> => {
  const seen: Array<string> = []
  const parser = new MultipartParser(
    boundary,
    { onPart: (part) => seen.push(part.toString("latin1")), onEnd: () => seen.push("(end)") },
    limits
  )
  try {
    for (const chunk of chunks) parser.push(Buffer.from(chunk))
  } catch (error) {
    if (!(error instanceof MultipartSyntaxError)) throw error
    seen.push(`(error) ${error.message}`)
  }
  return seen
}

const text = (content: string) => Buffer.from(content, "latin1")

const cut = (bytes: Uint8Array, sizes: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const chunks: Array<Uint8Array> = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

const part = (body: string, length: number | null = body.length, boundary = "--B") =>
  `${boundary}\r\nContent-Type: image/jpeg\r\n${length === null ? "" : `Content-Length: ${length}\r\n`}\r\n${body}\r\n`

describe("boundaryOf", () => {
  it.each([
    ["multipart/x-mixed-replace; boundary=myboundary", "myboundary"],
    ['multipart/x-mixed-replace;charset=x; Boundary="--my boundary"', "--my boundary"],
    ["Multipart/x-mixed-replace;boundary = a;x=y", "a"],
    ["multipart/x-mixed-replace", undefined],
    ["image/jpeg; boundary=x", undefined],
    ["", undefined]
  ])("of %s", (type, boundary) => expect(boundaryOf(type)).toBe(boundary))
})

describe("MultipartParser", () => {
  it.each(["B", "--B"])("reads parts with and without length, boundary announced as %s", (boundary) => {
    const bytes = text(`${part("one")}${part("two", null)}${part("", 0)}--B\nContent-length:5\n\nthree--B--\r\nrest`)
    expect(parse(boundary, [bytes]).map((body) => body.trimEnd())).toEqual(["one", "two", "", "three", "(end)"])
  })

  it.each([1, 40, 4000])("does not believe lengths that are wrong, by %i", (error) => {
    const long = "x".repeat(100)
    const bytes = text([0, 1, 2, 3].map((index) => part(`${long}${index}`, 101 + error)).join("") + "--B\r\n\r\n")
    expect(parse("B", [bytes]).map((body) => body.trimEnd())).toEqual([0, 1, 2, 3].map((index) => `${long}${index}`))
    const short = text([0, 1, 2, 3].map((index) => part(`${long}${index}`, 60)).join("") + "--B\r\n\r\n")
    expect(parse("B", [short]).map((body) => body.trimEnd())).toEqual([0, 1, 2, 3].map((index) => `${long}${index}`))
  })

  const limits = { headerBytes: 200, bodyBytes: 1000 }
  it.each([
    ["no boundary", "x".repeat(1000), /without the boundary/],
    ["endless headers", `--B\r\n${"A: b\r\n".repeat(100)}`, /bytes of headers/],
    ["an endless delimiter line", `--B${"x".repeat(1000)}`, /bytes of headers/],
    ["a part that is too long", `--B\r\nContent-Length: 1001\r\n\r\n`, /image of more than 1000/],
    ["a part without end", `--B\r\n\r\n${"x".repeat(3000)}`, /image of more than 1000/]
  ])("ends at %s", (_, content, because) => {
    expect(parse("B", [text(content)], limits).at(-1)).toMatch(because)
    expect(parse("B", cut(text(content), [100]), limits).at(-1)).toMatch(because)
  })

  const body = fc
    .oneof(fc.string({ unit: "binary-ascii", maxLength: 200 }), fc.constantFrom("-", "--", "\r\n-", "--A", "\n\n"))
    .filter((content) => !content.includes("--B"))
  const stream = fc.array(fc.tuple(body, fc.constantFrom("right", "none")), { maxLength: 8 })
  const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 })

  it("gives back what was put in, however it is cut", () => {
    fc.assert(
      fc.property(stream, sizes, (parts, pieces) => {
        const bytes = text(
          `${parts.map(([content, how]) => part(content, how === "right" ? content.length : null)).join("")}--B--\r\n`
        )
        const expected = parts.map(([content, how]) => (how === "right" ? content : `${content}\r\n`))
        expect(parse("B", cut(bytes, pieces))).toEqual([...expected, "(end)"])
      }),
      { numRuns: 500 }
    )
  })

  it("ends for any bytes, however they are cut, with the same parts", () => {
    const piece = fc.oneof(
      fc.constantFrom("--B", "\r\n", "\n", "Content-Length: 5", "Content-Length: 99999999999", "--", "B", "\r\n\r\n"),
      fc.string({ maxLength: 20 })
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), sizes, (pieces, cuts) => {
        const bytes = text(pieces.join(""))
        const whole = parse("B", [bytes], limits)
        // A wrong length is only found out once enough has come, so the last part may still be outstanding.
        const cutUp = parse("B", cut(bytes, cuts), limits)
        expect(cutUp.length).toBeLessThanOrEqual(whole.length + 1)
        expect(whole.length).toBeLessThan(100)
      }),
      { numRuns: 1000 }
    )
  })
})
