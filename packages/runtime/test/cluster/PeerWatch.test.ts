import { describe, expect, it } from "@effect/vitest"
import { NodeName } from "@vigil/core/Node"
import { successors } from "@vigil/runtime/cluster/PeerWatch"
import * as fc from "effect/FastCheck"

const members = (names: ReadonlyArray<string>, dead: ReadonlyArray<string> = []) =>
  names.map((name) => ({ name: NodeName.make(name), healthy: !dead.includes(name), weight: 1 }))

describe("PeerWatch", () => {
  it("asks those whose names follow first, then around", () => {
    const seen = successors(members(["d", "a", "c", "b"]), NodeName.make("b"))
    expect(seen).toEqual(["c", "d", "a"])
    expect(successors(members(["a", "b", "c"], ["c"]), NodeName.make("b"))).toEqual(["a"])
    expect(successors(members(["a"]), NodeName.make("a"))).toEqual([])
  })

  it("every healthy node is the first successor of exactly one other", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/), { minLength: 2, maxLength: 12 }), (names) => {
        const all = members(names)
        const first = all.map(({ name }) => successors(all, name)[0])
        expect([...first].sort()).toEqual([...names].sort())
      })
    )
  })
})
