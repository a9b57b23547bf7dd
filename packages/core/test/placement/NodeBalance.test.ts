import { describe, expect, it } from "@effect/vitest"
import { CameraId, defaultTenant, TenantId } from "@vigil/core/Ids"
import { NodeName, type NodeReport } from "@vigil/core/Node"
import { defaultBalancePolicy as policy } from "@vigil/core/placement/BalancePolicy"
import { initialBalance, observe, plan, refusalOf, stateOf, takenBack } from "@vigil/core/placement/NodeBalance"
import * as fc from "effect/FastCheck"
import { DateTime } from "effect"
import { makeSimulation, type NodeKind } from "./Simulation.js"

const otherTenant = TenantId.make("00000000-0000-4000-8000-000000000002")
const id = (n: number) => CameraId.make(`00000000-0000-4000-8000-${String(n).padStart(12, "0")}`)
const start = DateTime.unsafeMake(0)

const report = (name: string, fields: Partial<NodeReport> = {}): NodeReport => ({
  name: NodeName.make(name),
  version: "1",
  roles: ["camera"],
  labels: {},
  state: "up",
  capacity: { cameras: 100, cpu: 0.8, memory: 8e9 },
  load: { cameras: 0, cpu: 0, memory: 1e9 },
  shards: 1,
  startedAt: start,
  reportedAt: start,
  ...fields
})

const running = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: id(n), tenantId: defaultTenant, running: true }))

const full = { cameras: 20, cpu: 0.9, memory: 1e9 }
const overloaded = report("a", { state: "full", load: full })

/** Over its budget for long enough. */
const fullBalance = [0, policy.fullAfter].reduce(
  (balance, now) => observe(balance, full, overloaded.capacity, now),
  initialBalance
)

const moves = (peers: ReadonlyArray<NodeReport>, cameras = running(20)) =>
  plan(fullBalance, { self: overloaded, peers, cameras, now: 20_000 })[1]

describe("a node's balance", () => {
  it("is full only after a while over its budget, and takes cameras again well under it", () => {
    const { capacity } = overloaded
    const load = (cpu: number) => ({ cameras: 20, cpu, memory: 1e9 })
    let balance = observe(initialBalance, load(0.9), capacity, 0)
    expect(stateOf(balance, load(0.9), capacity, false)).toBe("up")
    balance = observe(balance, load(0.7), capacity, 5000)
    balance = observe(balance, load(0.9), capacity, 9000)
    balance = observe(balance, load(0.9), capacity, 18_000)
    expect(stateOf(balance, load(0.9), capacity, false)).toBe("up")
    balance = observe(balance, load(0.9), capacity, 19_000)
    expect(stateOf(balance, load(0.9), capacity, false)).toBe("full")
    balance = observe(balance, load(0.7), capacity, 20_000)
    expect(stateOf(balance, load(0.7), capacity, false)).toBe("full")
    balance = observe(balance, load(0.67), capacity, 21_000)
    expect(stateOf(balance, load(0.67), capacity, false)).toBe("up")
    expect(stateOf(balance, load(0.1), capacity, true)).toBe("draining")
    expect(stateOf(balance, { ...load(0.1), cameras: 100 }, capacity, false)).toBe("full")
  })

  it("says why it refuses, and lets what ran here run again", () => {
    const camera = { tenantId: defaultTenant }
    expect(refusalOf(initialBalance, report("a"), camera, 99)).toBeUndefined()
    expect(refusalOf(initialBalance, report("a"), camera, 100)).toBe("the node is full: 100 of 100 cameras")
    expect(refusalOf(initialBalance, report("a", { state: "draining" }), camera, 0)).toBe("the node is draining")
    expect(refusalOf(initialBalance, report("a", { labels: { tenant: otherTenant } }), camera, 0)).toContain(otherTenant)
    expect(refusalOf(fullBalance, overloaded, camera, 19)).toBeUndefined()
    expect(refusalOf(fullBalance, overloaded, camera, 20)).toBe(
      "the node is full: it uses 90 % of its processors and may use 80 %"
    )
    const memory = report("a", { load: { cameras: 20, cpu: 0.1, memory: 7.9e9 } })
    expect(refusalOf(fullBalance, memory, camera, 20)).toBe("the node is full: it uses 7.9 GB of memory and may use 8.0 GB")
  })

  it("gives a small batch to whoever has room, and then is calm", () => {
    const [after, first] = plan(fullBalance, { self: overloaded, peers: [report("b")], cameras: running(20), now: 20_000 })
    expect(first).toEqual([
      { cameraId: id(0), to: "b" },
      { cameraId: id(1), to: "b" }
    ])
    const view = { self: overloaded, peers: [report("b")], cameras: running(18) }
    expect(plan(after, { ...view, now: 20_000 + policy.calm - 1 })[1]).toEqual([])
    expect(plan(after, { ...view, now: 20_000 + policy.calm })[1]).toHaveLength(2)
    expect(refusalOf(after, overloaded, { tenantId: defaultTenant }, 18)).toContain("full")
  })

  it("gives nothing to a node that drains, is full, is for others, has another role, does not answer or has no room", () => {
    expect(moves([])).toEqual([])
    for (const state of ["full", "draining", "unreachable"] as const) expect(moves([report("b", { state })])).toEqual([])
    expect(moves([report("b", { roles: ["api"] })])).toEqual([])
    expect(moves([report("b", { labels: { tenant: otherTenant } })])).toEqual([])
    expect(moves([report("b", { labels: { tenant: defaultTenant } })])).toHaveLength(2)
    expect(moves([report("b", { load: { cameras: 10, cpu: 0.66, memory: 1e9 } })])).toEqual([])
    expect(moves([report("b", { load: { cameras: 10, cpu: 0.2, memory: 6.7e9 } })])).toEqual([])
    expect(moves([report("b", { load: { cameras: 100, cpu: 0.2, memory: 1e9 } })])).toEqual([])
    expect(moves([report("b", { load: { cameras: 99, cpu: 0.2, memory: 1e9 } })])).toHaveLength(1)
    expect(moves([overloaded])).toEqual([])
    expect(moves([report("b")], running(1))).toEqual([])
  })

  it("leaves a camera that was moved where it is, longer each time", () => {
    const placed = (count: number, at: number) => running(20).map((camera) => ({ ...camera, placed: { moves: count, at } }))
    const given = (cameras: ReturnType<typeof placed>, now: number) =>
      plan(fullBalance, { self: overloaded, peers: [report("b")], cameras, now })[1].length
    expect(given(placed(1, 0), policy.rest - 1)).toBe(0)
    expect(given(placed(1, 0), policy.rest)).toBe(2)
    expect(given(placed(3, 0), 4 * policy.rest - 1)).toBe(0)
    expect(given(placed(3, 0), 4 * policy.rest)).toBe(2)
    expect(given(placed(60, 0), policy.restLimit)).toBe(2)
  })

  it("finds a place for what it refuses or may not have, and for what was placed on it when it drains", () => {
    const cameras = running(4).map((camera, n) => ({ ...camera, running: n > 1 }))
    const view = { self: report("a"), peers: [report("b"), report("c")], now: 0 }
    const [after, refused] = plan(initialBalance, { ...view, cameras })
    expect(refused).toEqual([
      { cameraId: id(0), to: "b" },
      { cameraId: id(1), to: "c" }
    ])
    expect(plan(after, { ...view, cameras, now: policy.settle - 1 })[1]).toEqual([])
    const strangers = { ...view, self: report("a", { labels: { tenant: otherTenant } }), cameras: running(3) }
    expect(plan(initialBalance, strangers)[1]).toHaveLength(3)
    const surplus = report("a", { capacity: { cameras: 2, cpu: 0.8, memory: 8e9 } })
    expect(plan(initialBalance, { ...view, self: surplus, cameras: running(5) })[1]).toHaveLength(3)
    const placed = running(3).map((camera, n) => (n === 0 ? { ...camera, placed: { moves: 1, at: 0 } } : camera))
    const draining = { ...view, self: report("a", { state: "draining" }), cameras: placed }
    expect(plan(initialBalance, draining)[1]).toEqual([{ cameraId: id(0), to: "b" }])
  })

  it("gives nothing for a while to a node that did not start what it was given", () => {
    const move = { cameraId: id(0), to: NodeName.make("b") }
    const failed = takenBack(fullBalance, move, 20_000)
    const given = (now: number) => plan(failed, { self: overloaded, peers: [report("b")], cameras: running(20), now })[1]
    expect(given(20_001)).toEqual([])
    expect(given(20_000 + policy.avoid).map(({ cameraId }) => cameraId)).toEqual([id(1), id(2)])
  })
})

const cluster = fc.record({
  nodes: fc.array(
    fc.record({
      cameras: fc.integer({ min: 3, max: 60 }),
      cpu: fc.double({ min: 0.3, max: 0.95, noNaN: true }),
      cores: fc.constantFrom(1, 2, 4),
      state: fc.constantFrom<NodeKind[]>("up", "up", "up", "draining", "unreachable", "stranger"),
      base: fc.double({ min: 0, max: 0.05, noNaN: true })
    }),
    { minLength: 2, maxLength: 5 }
  ),
  cameras: fc.array(
    fc.record({
      cost: fc.oneof(
        fc.constant(0.02),
        fc.double({ min: 0.001, max: 0.08, noNaN: true }),
        fc.double({ min: 0.1, max: 0.5, noNaN: true })
      ),
      home: fc.nat({ max: 4 })
    }),
    { minLength: 1, maxLength: 60 }
  )
})

describe("a cluster of balanced nodes", () => {
  it("shares the load of a node that is over its budget until it is well under", () => {
    const node = { cameras: 100, cpu: 0.8, cores: 1, state: "up", base: 0.02 } as const
    const cameras = Array.from({ length: 20 }, () => ({ cost: 0.05, home: 0 }))
    const simulation = makeSimulation({ nodes: [node, node], cameras })
    simulation.run(15 * 60)
    expect(simulation.running().reduce((sum, count) => sum + count, 0)).toBe(20)
    expect(Math.max(...simulation.load())).toBeLessThan(0.8)
    expect(Math.max(...simulation.movesByCamera().values())).toBe(1)
  })

  it("comes to rest for any loads, moves no camera often, and only to nodes that may have it", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(cluster, (settings) => {
        const simulation = makeSimulation(settings)
        simulation.run(30 * 60)
        expect(simulation.violations).toEqual([])
        const settled = simulation.moves.length
        simulation.run(30 * 60)
        expect(simulation.moves.slice(settled).filter(({ voluntary }) => voluntary)).toEqual([])
        expect(Math.max(0, ...simulation.movesByCamera().values())).toBeLessThanOrEqual(3)
        expect(simulation.overfilled()).toEqual([])
      }),
      { numRuns: 200 }
    )
  })
})
