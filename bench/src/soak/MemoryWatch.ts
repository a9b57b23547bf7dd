import { mediaWorkers, memoryOf } from "../process/ProcessTree.js"

/** Megabytes; `growth` in megabytes a minute over the last two thirds of the process' life, undefined of a short one. */
export interface MemoryFigures {
  readonly process: string
  readonly start: number
  readonly end: number
  readonly max: number
  readonly growth: number | undefined
}

interface Point {
  readonly at: number
  readonly megabytes: number
}

/** Milliseconds that a process must have lived for its growth to say anything: caches, buffers and the heap fill first. */
const meaningful = 180_000

export interface MemoryWatch {
  /** Reads the node and its media workers. */
  readonly sample: (at: number) => void
  /** Megabytes of all processes together. */
  readonly total: () => { readonly start: number; readonly end: number; readonly max: number }
  readonly figures: () => ReadonlyArray<MemoryFigures>
  readonly workersSeen: () => number
}

export const watchMemory = (node: number): MemoryWatch => {
  const points = new Map<number, Array<Point>>()
  const totals: Array<Point> = []
  return {
    sample: (at) => {
      let total = 0
      for (const pid of [node, ...mediaWorkers(node)]) {
        const memory = memoryOf(pid)
        if (memory === undefined) continue
        const megabytes = memory.proportional / 1e6
        total += megabytes
        const known = points.get(pid)
        if (known === undefined) points.set(pid, [{ at, megabytes }])
        else known.push({ at, megabytes })
      }
      totals.push({ at, megabytes: total })
    },
    total: () => ({ start: totals[0]?.megabytes ?? 0, end: totals.at(-1)?.megabytes ?? 0, max: highest(totals) }),
    figures: () =>
      [...points].map(([pid, known]) => ({
        process: pid === node ? "node" : `media worker ${pid}`,
        start: known[0]?.megabytes ?? 0,
        end: known.at(-1)?.megabytes ?? 0,
        max: highest(known),
        growth: growthOf(known)
      })),
    workersSeen: () => points.size - 1
  }
}

const highest = (points: ReadonlyArray<Point>): number => points.reduce((most, { megabytes }) => Math.max(most, megabytes), 0)

const growthOf = (points: ReadonlyArray<Point>): number | undefined => {
  const life = (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0)
  return life < meaningful ? undefined : slope(points.slice(Math.floor(points.length / 3)))
}

/** Least squares, per minute. */
export const slope = (points: ReadonlyArray<Point>): number => {
  const meanAt = points.reduce((sum, { at }) => sum + at, 0) / points.length
  const meanMegabytes = points.reduce((sum, { megabytes }) => sum + megabytes, 0) / points.length
  let covariance = 0
  let variance = 0
  for (const { at, megabytes } of points) {
    covariance += (at - meanAt) * (megabytes - meanMegabytes)
    variance += (at - meanAt) ** 2
  }
  return variance === 0 ? 0 : (covariance / variance) * 60_000
}
