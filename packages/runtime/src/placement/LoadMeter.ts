import { Context } from "effect"
import { readFile } from "node:fs/promises"
import { availableParallelism } from "node:os"

/** A process of this node besides the main one. */
export interface NodeProcess {
  readonly pid?: number | undefined
  /** Bytes of resident memory. */
  readonly memory: number
}

interface Meter {
  /** Measures now; to be asked about once a second. Answers the share of all cores over the last ten seconds, and bytes of memory now. */
  readonly sample: (others: ReadonlyArray<NodeProcess>) => Promise<{ readonly cpu: number; readonly memory: number }>
}

/** Milliseconds that processor time is averaged over. */
const window = 10_000
/** USER_HZ of Linux: what `/proc` counts in, the same on all its architectures that Node runs on. */
const ticksPerSecond = 100

/** Seconds of processor time that a process of ours took (proc_pid_stat(5), fields 14 and 15); nothing where it is gone, or there is no `/proc`. */
const processorTime = async (pid: number): Promise<number | undefined> => {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8")
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  } catch {
    // The process ended since it was listed.
    return undefined
  }
}

const ownTime = (): number => {
  const { system, user } = process.cpuUsage()
  return (user + system) / 1e6
}

/** What a counter grew by; a process that is seen for the first time began at nothing. */
const growth = (now: number, before: number | undefined): number => Math.max(0, now - (before ?? 0))

export const makeLoadMeter = (cores: number = availableParallelism(), clock: () => number = () => performance.now()): Meter => {
  const known = new Map<number, number>([[process.pid, ownTime()]])
  const used: Array<{ readonly at: number; readonly seconds: number }> = [{ at: clock(), seconds: 0 }]

  return {
    sample: async (others) => {
      const times = new Map<number, number>([[process.pid, ownTime()]])
      await Promise.all(
        others.map(async ({ pid }) => {
          const time = pid === undefined ? undefined : await processorTime(pid)
          if (pid !== undefined && time !== undefined) times.set(pid, time)
        })
      )
      const at = clock()
      let seconds = 0
      for (const [pid, time] of times) seconds += growth(time, known.get(pid))
      known.clear()
      for (const [pid, time] of times) known.set(pid, time)
      used.push({ at, seconds })
      while (used.length > 2 && at - (used[1]?.at ?? at) >= window) used.shift()
      const [first, ...rest] = used
      const span = (at - (first?.at ?? at)) / 1000
      const total = rest.reduce((sum, one) => sum + one.seconds, 0)
      return {
        cpu: span <= 0 ? 0 : total / (span * cores),
        memory: Math.round(process.memoryUsage.rss() + others.reduce((sum, { memory }) => sum + memory, 0))
      }
    }
  }
}

/** Makes a node's meter. */
export class LoadMeter extends Context.Reference<LoadMeter>()("@vigil/runtime/LoadMeter", {
  defaultValue: () => (): Meter => makeLoadMeter()
}) {}
