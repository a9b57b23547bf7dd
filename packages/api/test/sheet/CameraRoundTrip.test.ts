import { describe, expect, it } from "@effect/vitest"
import { readCsv, writeCsv } from "@vigil/api/sheet/Csv"
import { readXlsx, writeXlsx } from "@vigil/api/sheet/Xlsx"
import type { Camera } from "@vigil/core/Camera"
import { freshCamera, newRecord } from "@vigil/core/CameraRecord"
import { readSheet, type Rows, writeSheet } from "@vigil/core/CameraSheet"
import { defaultTenant, EdgeId, PlaceId } from "@vigil/core/Ids"
import { DateTime, Effect, Either } from "effect"
import * as fc from "effect/FastCheck"
import { newCamera } from "../Samples.js"

const placeId = PlaceId.make("6dd1b8a0-5c5f-4bd0-8ef0-2f4f4c1f0001")
const edge = EdgeId.make("6dd1b8a0-5c5f-4bd0-8ef0-2f4f4c1f0002")
const now = DateTime.unsafeMake("2026-01-02T03:04:05Z")

const text = (maxLength: number) =>
  fc
    .oneof(
      fc.string({ unit: "grapheme", maxLength }),
      fc.constantFrom("=1+1", "'=1", "-3", "yes", "true", "007", "1.0", "_x0041_", '"q"')
    )
    .map((some) => some.replace(/[\p{Cc}\p{Cs}]/gu, "").trim())
const label = text(20)
  .map((some) => some.replace(/[,;]/g, "").trim())
  .filter((some) => some !== "")
const name = text(50).filter((some) => some !== "")
const json = fc
  .jsonValue({ maxDepth: 3, depthSize: "small" })
  .filter((value) => !/\\u0000|\\ud[89a-f]/i.test(JSON.stringify(value)))
const key = fc
  .oneof(
    fc.constantFrom("asset", "Asset", "serial no", "metadata", "__proto__", "toString", "a;b", " a", "größe"),
    fc.string({ maxLength: 10 })
  )
  .filter((some) => !/[\0\p{Cs}]/u.test(some))
const word = fc.oneof(text(20), fc.constantFrom("1e5", "12345678901234567890", "null", "#REF!", " a ", "a\r\nb", "\uffff", "[1]"))

const facts = fc.record({
  name,
  enabled: fc.boolean(),
  transport: fc.constantFrom("auto" as const, "tcp" as const, "udp" as const),
  placeId: fc.constantFrom(placeId, null),
  edge: fc.constantFrom(edge, null),
  location: fc.option(name),
  description: fc.option(fc.tuple(name, name).map((lines) => lines.join("\n"))),
  tags: fc.array(label, { maxLength: 3 }),
  groups: fc.array(label, { maxLength: 3 }),
  metadata: fc.array(fc.tuple(key, fc.oneof(word, json)), { maxLength: 6 }).map((entries) => Object.fromEntries(entries))
})

const broken = /^#(REF!|N\/A|NAME\?|VALUE!|DIV\/0!|NULL!|NUM!|SPILL!|CALC!)$/

const made = (fields: Partial<typeof import("@vigil/core/Camera").NewCamera.Encoded>): Camera =>
  Either.getOrThrow(newRecord(defaultTenant, freshCamera().id, newCamera(fields), now)).camera

const written = (cameras: ReadonlyArray<Camera>): Rows =>
  writeSheet(cameras, new Map([[placeId, "North/Hall"]]), new Map([[edge, "shop"]]))

const readBack = (rows: Rows) =>
  readSheet(rows, { places: new Map([["North/Hall", placeId]]), edges: new Map([["shop", edge]]), addresses: new Map() })

describe("cameras in a table", () => {
  for (const [kind, through] of [
    ["CSV", (rows: Rows) => readCsv(writeCsv(rows))],
    ["XLSX", (rows: Rows) => Effect.flatMap(writeXlsx(rows), readXlsx)]
  ] as const) {
    it(`come back from ${kind} as they were, and are written the same again`, () =>
      fc.assert(
        fc.asyncProperty(fc.array(facts, { minLength: 1, maxLength: 4 }), async (all) => {
          fc.pre(!all.some((each) => [each.name, each.location ?? ""].some((some) => broken.test(some))))
          const cameras = all.map((each, index) => made({ ...each, url: `rtsp://192.0.2.7/${index}` }))
          const table = written(cameras)
          const { good, problems } = await Effect.runPromise(Effect.flatMap(through(table), readBack))
          expect(problems).toEqual([])
          const again = good.map(
            ({ camera }) => Either.getOrThrow(newRecord(defaultTenant, freshCamera().id, camera, now)).camera
          )
          expect(again.map(({ metadata }) => metadata)).toEqual(cameras.map(({ metadata }) => metadata))
          expect(written(again)).toEqual(table)
        }),
        { numRuns: 40 }
      ))
  }

  it("have columns for entries of their metadata, and one for the others", () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`k${index}`, index]))
    const [headings = [], first = []] = written([made({ metadata: { asset: "A-7", "odd; key": [1] } })])
    expect([headings.slice(10), first.slice(10)]).toEqual([
      ["metadata.asset", "metadata"],
      ["A-7", '{"odd; key":[1]}']
    ])
    expect(written([made({ metadata: many })])[0]).toHaveLength(10 + 40 + 1)
    expect(written([made({})])[0]).toHaveLength(10)
  })
})
