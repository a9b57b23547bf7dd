import { describe, expect, it } from "@effect/vitest"
import { encodeRecord, type LogRecord, parseAll, parseRecord } from "@vigil/runtime/bus/LogRecord"
import * as fc from "effect/FastCheck"

const anyBytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes))

const anyRecord: fc.Arbitrary<LogRecord> = fc.record({
  position: fc.integer({ min: 1, max: 2 ** 40 }),
  time: fc.integer({ min: 0, max: 2 ** 43 }),
  subject: fc.string({ unit: "grapheme", maxLength: 100 }),
  id: fc.string({ unit: "grapheme", maxLength: 200 }),
  message: anyBytes(300)
})

/** Records with rising positions from 1 on. */
const anyRecords = fc.array(fc.tuple(anyRecord, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 12 }).map((steps) => {
  let position = 0
  return steps.map(([record, step]) => ({ ...record, position: (position += step) }))
})

const bytesOf = (records: ReadonlyArray<LogRecord>) => Buffer.concat(records.map(encodeRecord))

describe("LogRecord", () => {
  it("gives back what was written, with where the next begins", () => {
    fc.assert(
      fc.property(anyRecord, anyBytes(50), anyBytes(50), (record, before, behind) => {
        const encoded = encodeRecord(record)
        const parsed = parseRecord(Buffer.concat([before, encoded, behind]), before.length)
        expect(parsed).toEqual({ _tag: "Record", record, next: before.length + encoded.length })
      })
    )
  })

  it("says how much is missing of every record that is cut short", () => {
    fc.assert(
      fc.property(anyRecord, fc.nat(), (record, cut) => {
        const encoded = encodeRecord(record)
        const parsed = parseRecord(encoded.subarray(0, cut % encoded.length), 0)
        expect(parsed._tag).toBe("Incomplete")
        if (parsed._tag === "Incomplete") expect([12, encoded.length]).toContain(parsed.needed)
      })
    )
  })

  it("never takes a record with a changed byte for a record", () => {
    fc.assert(
      fc.property(anyRecord, fc.nat(), fc.integer({ min: 1, max: 255 }), (record, at, change) => {
        const encoded = encodeRecord(record)
        const index = at % encoded.length
        encoded.writeUInt8(encoded.readUInt8(index) ^ change, index)
        expect(parseRecord(encoded, 0)._tag).not.toBe("Record")
      }),
      { numRuns: 500 }
    )
  })

  it("reads any bytes without throwing, and invents nothing", () => {
    fc.assert(
      fc.property(anyBytes(600), (bytes) => {
        const { end, records, skipped } = parseAll(bytes, 1)
        expect(records).toEqual([])
        expect([end, skipped]).toEqual([0, 0])
      })
    )
  })

  it("cuts a torn end off and keeps everything before it", () => {
    fc.assert(
      fc.property(anyRecords, fc.nat(), (records, cut) => {
        const bytes = bytesOf(records)
        const torn = bytes.subarray(0, cut % (bytes.length + 1))
        const { end, records: kept } = parseAll(torn, 1)
        expect(kept).toEqual(records.slice(0, kept.length))
        expect(end).toBe(bytesOf(kept).length)
        const next = records[kept.length]
        if (next !== undefined) expect(end + encodeRecord(next).length).toBeGreaterThan(torn.length)
      })
    )
  })

  it("loses the records whose bytes are damaged only", () => {
    fc.assert(
      fc.property(anyRecords, fc.nat(), anyBytes(40), (records, at, garbage) => {
        const bytes = bytesOf(records)
        const from = at % bytes.length
        garbage.copy(bytes, from)
        const kept = new Set(parseAll(bytes, 1).records.map(({ position }) => position))
        let offset = 0
        for (const record of records) {
          const end = offset + encodeRecord(record).length
          const isTouched = from < end && offset < from + garbage.length
          if (!isTouched) expect(kept).toContain(record.position)
          offset = end
        }
      })
    )
  })

  it("does not take a record within a damaged message for one of its own", () => {
    const inner = encodeRecord({ position: 1, time: 0, subject: "s", id: "inner", message: Buffer.from("x") })
    const outer = encodeRecord({ position: 5, time: 0, subject: "s", id: "outer", message: inner })
    const after = encodeRecord({ position: 6, time: 0, subject: "s", id: "after", message: Buffer.from("y") })
    outer.writeUInt8(outer.readUInt8(30) ^ 1, 30)
    const { records } = parseAll(Buffer.concat([outer, after]), 5)
    expect(records.map(({ id }) => id)).toEqual(["after"])
  })
})
