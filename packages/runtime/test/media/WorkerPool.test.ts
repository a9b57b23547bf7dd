import { afterEach, describe, expect, it, vi } from "vitest"
import { makeWorkerPool, type WorkerPool } from "@vigil/runtime/media/WorkerPool"
import type { WorkerProcess } from "@vigil/runtime/media/WorkerProcess"
import type { WorkerTenant } from "@vigil/runtime/media/WorkerTenant"

const deadline = { timeout: 60_000, interval: 20 }

/** A tenant that is always at work; `process` is where it lives now. */
const makeTenant = (id: number) => {
  const state = { process: undefined as WorkerProcess | undefined, detached: 0 }
  const tenant: WorkerTenant = {
    id,
    owner: `camera ${id}`,
    attach: (link) => {
      state.process = link as WorkerProcess
    },
    detach: () => {
      state.process = undefined
      state.detached++
    },
    receive: () => undefined,
    atWork: () => true
  }
  return { tenant, state }
}

let pool: WorkerPool | undefined
afterEach(() => pool?.close())

const start = async (tenants: number, hangTimeout = 1000) => {
  const notes: Array<string> = []
  const started = makeWorkerPool({
    name: "worker",
    tenantsPerWorker: 12,
    workers: 2,
    hangTimeout,
    memoryLimit: 2 ** 30,
    engine: {},
    onNote: (note) => notes.push(note)
  })
  pool = started
  const made = Array.from({ length: tenants }, (_, index) => makeTenant(index + 1))
  for (const { tenant } of made) started.add(tenant)
  const attached = () => vi.waitFor(() => expect(made.every(({ state }) => state.process !== undefined)).toBe(true), deadline)
  /** Sends a signal to the process of a tenant and waits until all tenants live somewhere again. */
  const strike = async (index: number, signal: NodeJS.Signals) => {
    const victim = made[index].state
    const before = victim.detached
    process.kill(victim.process?.pid ?? 0, signal)
    await vi.waitFor(() => expect(victim.detached).toBe(before + 1), deadline)
    await attached()
  }
  const together = (index: number) => made.filter(({ state }) => state.process === made[index].state.process).length
  await attached()
  return { notes, pool: started, strike, together }
}

describe("a worker pool", () => {
  it("keeps the tenants of a worker together that was killed or stopped from outside, however often", {
    timeout: 60_000
  }, async () => {
    const { notes, pool, strike } = await start(4)
    for (const signal of ["SIGKILL", "SIGKILL", "SIGSTOP", "SIGKILL"] as const) await strike(0, signal)
    expect(pool.health()).toMatchObject([{ cameras: 4, restarts: 4 }])
    expect(notes.filter((note) => note.includes("stopped from outside"))).toHaveLength(1)
  })

  it("does not wait for the limit of a hang when a worker was stopped from outside", { timeout: 120_000 }, async () => {
    const { notes, strike } = await start(1, 600_000)
    await strike(0, "SIGSTOP")
    expect(notes.join()).toContain("stopped from outside")
  })

  it("finds the one tenant that ends its workers with a new process or less for each crash", { timeout: 120_000 }, async () => {
    const { pool, strike, together } = await start(8)
    let crashes = 0
    while (together(5) > 1) {
      await strike(5, "SIGSEGV")
      crashes++
      expect(pool.health().length).toBeLessThanOrEqual(crashes)
      expect(crashes).toBeLessThan(8)
    }
    expect(together(0)).toBeGreaterThan(1)
    expect(pool.health().reduce((sum, { cameras }) => sum + cameras, 0)).toBe(8)
  })
})
