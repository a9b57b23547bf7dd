import { CameraStatus } from "@vigil/core/CameraStatus"
import { statusFingerprint, statusText } from "@vigil/runtime/camera/StatusText"
import { Arbitrary, DateTime, Schema } from "effect"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const statuses = Arbitrary.make(CameraStatus)
const encode = Schema.encodeSync(CameraStatus)

describe("the text of a status", () => {
  it("is what its schema encodes", () => {
    fc.assert(
      fc.property(statuses, (status) => {
        const text = statusText(statusFingerprint(status), status)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(encode(status))))
      })
    )
  })

  it("differs in nothing else where only the time differs", () => {
    fc.assert(
      fc.property(statuses, (status) => {
        const [early, late] = [0, 1].map((at) => ({ ...status, updatedAt: DateTime.unsafeMake(at) }))
        if (early === undefined || late === undefined) throw new Error("no statuses")
        const print = statusFingerprint(early)
        expect(statusFingerprint(late)).toBe(print)
        expect(statusText(print, late)).not.toBe(statusText(print, early))
      })
    )
  })
})
