import { describe, expect, it } from "@effect/vitest"
import {
  addressesOf,
  AddressRange,
  countAddresses,
  formatAddress,
  isWithin,
  parseAddress,
  parseAddressSpan,
  privateNetworks
} from "@vigil/core/AddressRange"
import { Schema } from "effect"
import * as fc from "effect/FastCheck"

const address = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const spanOf = (text: string) => parseAddressSpan(text) ?? { first: -1, last: -1 }

describe("addresses", () => {
  it("are read as they are written", () => {
    fc.assert(fc.property(address, (number) => parseAddress(formatAddress(number)) === number))
    for (const wrong of ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.04", "1.2.3.x", "1.2.3.-4", "::1", "camera.example"]) {
      expect(parseAddress(wrong), wrong).toBeUndefined()
    }
  })

  it("come in ranges", () => {
    expect(spanOf("10.0.0.0/8")).toEqual({ first: 10 * 2 ** 24, last: 11 * 2 ** 24 - 1 })
    expect([...addressesOf([spanOf("192.0.2.130/30")])]).toEqual(["192.0.2.128", "192.0.2.129", "192.0.2.130", "192.0.2.131"])
    expect([...addressesOf([spanOf("192.0.2.254 - 192.0.3.1")])]).toEqual([
      "192.0.2.254",
      "192.0.2.255",
      "192.0.3.0",
      "192.0.3.1"
    ])
    expect(countAddresses([spanOf("0.0.0.0/0")])).toBe(2 ** 32)
    for (const wrong of ["192.0.2.0/33", "192.0.2.0/", "192.0.2.9-192.0.2.1", "192.0.2.0/24-192.0.2.9", "/24", "-", "a/b"]) {
      expect(parseAddressSpan(wrong), wrong).toBeUndefined()
      expect(Schema.is(AddressRange)(wrong), wrong).toBe(false)
    }
  })

  it("that are in several ranges come once", () => {
    const ranges = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 500 }), fc.nat(60)).map(([first, more]) => ({ first, last: first + more })),
      { maxLength: 8 }
    )
    fc.assert(
      fc.property(ranges, (spans) => {
        const found = [...addressesOf(spans)]
        const wanted = new Set(spans.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i)))
        expect(new Set(found.map(parseAddress))).toEqual(wanted)
        expect(found.length).toBe(wanted.size)
        expect(countAddresses(spans)).toBe(wanted.size)
      })
    )
  })

  it("are private as RFC 1918 says, from end to end", () => {
    for (const range of ["10.0.0.0/8", "172.16.0.0-172.31.255.255", "192.168.255.255"]) {
      expect(isWithin(spanOf(range), privateNetworks), range).toBe(true)
    }
    for (const range of ["127.0.0.1", "169.254.169.254", "172.15.0.0-172.16.0.9", "192.168.0.0/15", "8.8.8.8", "0.0.0.0/0"]) {
      expect(isWithin(spanOf(range), privateNetworks), range).toBe(false)
    }
    expect(isWithin(spanOf("10.0.0.0-10.0.1.255"), [spanOf("10.0.0.0/24"), spanOf("10.0.1.0/24")])).toBe(true)
  })
})
