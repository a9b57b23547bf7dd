import { describe, expect, it } from "@effect/vitest"
import { emptyParameterSets, largestPayload, packetise } from "@vigil/runtime/live/Packetiser"
import * as fc from "effect/FastCheck"

const unit = (type: number, length: number) =>
  Uint8Array.of(0x60 | type, ...Array.from({ length: length - 1 }, (_, index) => index & 0xff))

/** What a receiver makes of the payloads (RFC 6184 5.6 and 5.8). */
const assemble = (payloads: ReadonlyArray<Uint8Array>): Array<Uint8Array> => {
  const units: Array<Array<number>> = []
  for (const payload of payloads) {
    const [indicator = 0, header = 0] = payload
    if ((indicator & 0x1f) !== 28) units.push([...payload])
    else if ((header & 0x80) !== 0) units.push([(indicator & 0xe0) | (header & 0x1f), ...payload.subarray(2)])
    else units.at(-1)?.push(...payload.subarray(2))
  }
  return units.map((bytes) => Uint8Array.from(bytes))
}

describe("packetise", () => {
  it("gives back every NAL unit of any size, in packets that fit a datagram", () => {
    const slices = fc.array(fc.tuple(fc.constantFrom(1, 5), fc.integer({ min: 2, max: 5_000 })), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(slices, (made) => {
        const units = made.map(([type, length]) => unit(type, length))
        const payloads = packetise(units, false, emptyParameterSets())
        expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThanOrEqual(largestPayload)
        expect(assemble(payloads)).toEqual(units)
      })
    )
  })

  it("marks the first and the last fragment", () => {
    const payloads = packetise([unit(5, 3 * largestPayload)], true, emptyParameterSets())
    expect(payloads.map((payload) => (payload[1] ?? 0) & 0xc0)).toEqual([0x80, 0, 0, 0x40])
  })

  it("puts known parameter sets before a key frame that lacks them", () => {
    const sets = { sps: unit(7, 12), pps: unit(8, 5) }
    const types = packetise([unit(5, 100)], true, sets).map((payload) => (payload[0] ?? 0) & 0x1f)
    expect(types).toEqual([7, 8, 5])
  })

  it("learns parameter sets from the stream and does not repeat those that are there", () => {
    const sets = emptyParameterSets()
    const first = packetise([unit(7, 12), unit(8, 5), unit(5, 100)], true, sets)
    expect(first.map((payload) => (payload[0] ?? 0) & 0x1f)).toEqual([7, 8, 5])
    expect(sets.sps).toHaveLength(12)
  })

  it("leaves out delimiters and SEI", () => {
    expect(packetise([unit(9, 2), unit(6, 30), unit(1, 40)], false, emptyParameterSets())).toHaveLength(1)
  })
})
