import { expect, it } from "@effect/vitest"
import { makeTrust } from "@vigil/runtime/media/worker/Trust"

it("looks at no picture between a loss and the next key frame", () => {
  const trust = makeTrust()
  trust.restart(0)
  expect(trust.accept({ key: 0, sound: true })).toBe(true)
  expect(trust.accept({ key: 1, sound: false })).toBe(false)
  expect(trust.accept({ key: 2, sound: true })).toBe(false)
  trust.restart(3)
  expect(trust.accept({ key: 3, sound: true })).toBe(true)
})

it("does not take pictures that a reordering decoder gives late for those of the new key frame", () => {
  const trust = makeTrust()
  trust.restart(0)
  trust.restart(10)
  expect(trust.accept({ key: 8, sound: false })).toBe(false)
  expect(trust.accept({ key: 9, sound: true })).toBe(false)
  expect(trust.accept({ key: 10, sound: true })).toBe(true)
})

it("forgets nothing when bytes were refused", () => {
  const trust = makeTrust()
  trust.restart(0)
  trust.lose()
  expect(trust.accept({ key: 1, sound: true })).toBe(false)
  trust.restart(2)
  expect(trust.accept({ key: 2, sound: true })).toBe(true)
})
