import { type AddressList, parseAddressList } from "@vigil/api/http/AddressList"
import { Either } from "effect"
import { describe, expect, it } from "vitest"

const list = (...entries: ReadonlyArray<string>): AddressList => Either.getOrThrow(parseAddressList(entries))

describe("AddressList", () => {
  it("has single addresses and networks of both families", () => {
    const { has } = list("192.0.2.7", "198.51.100.0/24", "2001:db8::/32")
    for (const address of ["192.0.2.7", "198.51.100.1", "198.51.100.255", "::ffff:198.51.100.3", "2001:db8::1"]) {
      expect(has(address), address).toBe(true)
    }
    for (const address of ["192.0.2.8", "198.51.101.1", "2001:db9::1", "unknown", ""]) expect(has(address), address).toBe(false)
  })

  it("says which entries are none", () => {
    for (const entry of ["192.0.2.0/33", "2001:db8::/129", "example.com", "192.0.2.0/24/1", "192.0.2.0/x", ""]) {
      expect(Either.isLeft(parseAddressList([entry])), entry).toBe(true)
    }
  })
})
