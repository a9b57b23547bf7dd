import { spawn } from "node:child_process"
import { once } from "node:events"
import { makeLoadMeter } from "@vigil/runtime/placement/LoadMeter"
import { describe, expect, it } from "vitest"

const burn = "const end = Date.now() + 60000; while (Date.now() < end);"
const rest = "setTimeout(() => undefined, 60000)"

/** Runs a program until the work is done. */
const withProcess = async (program: string, work: (pid: number) => Promise<void>) => {
  const child = spawn(process.execPath, ["-e", program], { stdio: "ignore" })
  try {
    await once(child, "spawn")
    await work(child.pid ?? 0)
  } finally {
    child.kill("SIGKILL")
    await once(child, "exit")
  }
}

/** Samples until there is enough, for some seconds at the most. */
const sampleUntil = async (meter: ReturnType<typeof makeLoadMeter>, pid: number, enough: (cpu: number) => boolean) => {
  const deadline = performance.now() + 15_000
  let cpu = 0
  while (!enough(cpu) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    cpu = (await meter.sample([{ pid, memory: 0 }])).cpu
  }
  return cpu
}

describe("LoadMeter", () => {
  it("counts the processor time of the node's processes, as a share of all cores", async () => {
    await withProcess(burn, async (pid) => {
      expect(await sampleUntil(makeLoadMeter(1), pid, (cpu) => cpu > 0.3)).toBeGreaterThan(0.3)
      expect(await sampleUntil(makeLoadMeter(1000), pid, () => true)).toBeLessThan(0.01)
    })
  }, 30_000)

  it("does not count what a process does that is not the node's, nor one that has ended", async () => {
    await withProcess(burn, async () => {
      await withProcess(rest, async (pid) => {
        const meter = makeLoadMeter(1)
        await meter.sample([{ pid, memory: 0 }])
        expect(await sampleUntil(meter, pid, () => true)).toBeLessThan(0.9)
      })
    })
    const meter = makeLoadMeter(1)
    const { cpu, memory } = await meter.sample([{ pid: 2 ** 22 + 1, memory: 5e9 }, { memory: 1e9 }])
    expect(cpu).toBeGreaterThanOrEqual(0)
    expect(memory).toBeGreaterThan(6e9)
  }, 30_000)

  it("averages over ten seconds", async () => {
    let clock = 0
    const meter = makeLoadMeter(1, () => clock)
    const advance = async (seconds: number) => {
      clock += seconds * 1000
      return (await meter.sample([])).cpu
    }
    const work = () => {
      const { system, user } = process.cpuUsage()
      for (let spent = 0; spent < 200_000; ) {
        const now = process.cpuUsage()
        spent = now.user + now.system - user - system
      }
    }
    await advance(1)
    work()
    const busy = await advance(1)
    expect(busy).toBeGreaterThan(0.08)
    for (let second = 0; second < 7; second++) await advance(1)
    const later = await advance(1)
    expect(later).toBeGreaterThan(0.018)
    expect(later).toBeLessThan(busy)
    for (let second = 0; second < 3; second++) await advance(1)
    expect(await advance(1)).toBeLessThan(0.018)
  })
})
