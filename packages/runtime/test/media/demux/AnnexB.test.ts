import { expect, it } from "@effect/vitest"
import { splitAnnexB } from "@vigil/runtime/media/demux/AnnexB"
import * as fc from "effect/FastCheck"

/** A NAL unit never holds a start code and never ends with a zero byte. */
const nalUnit = fc.uint8Array({ minLength: 1, maxLength: 40, min: 1 })

it("finds the NAL units again, whatever start codes and zeros are between them", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(nalUnit, fc.boolean(), fc.integer({ min: 0, max: 3 })), { minLength: 1 }), (parts) => {
      const stream = Buffer.concat(
        parts.flatMap(([unit, long, zeros]) => [Buffer.from(long ? [0, 0, 0, 1] : [0, 0, 1]), unit, Buffer.alloc(zeros)])
      )
      expect(splitAnnexB(stream).map((unit) => [...unit])).toEqual(parts.map(([unit]) => [...unit]))
    })
  )
})

it("takes any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ max: 2 }), (bytes) => {
      for (const unit of splitAnnexB(bytes)) expect(unit.length).toBeGreaterThan(0)
    })
  )
  expect(splitAnnexB(new Uint8Array(0))).toEqual([])
})
