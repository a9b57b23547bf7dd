import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { makeKeyedStore } from "../../src/client/KeyedStore.js"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it("tells whoever follows a key at once, and whoever follows all once of many changes", () => {
  const store = makeKeyedStore<string, number>()
  const told: Array<string> = []
  store.subscribe("a", () => told.push(`a ${store.get("a")}`))
  const stop = store.subscribeAll(() => told.push(`all ${[...store.all()].join(" ")}`))
  const before = store.all()
  store.set("a", 1)
  store.set("b", 2)
  store.set("a", 3)
  expect(told).toEqual(["a 1", "a 3"])
  expect(store.all()).toBe(before)
  vi.runAllTimers()
  expect(told.slice(2)).toEqual(["all a,3 b,2"])
  expect(store.all()).toBe(store.all())
  stop()
  store.set("b", 4)
  vi.runAllTimers()
  expect(told).toHaveLength(3)
  expect(store.get("b")).toBe(4)
})
