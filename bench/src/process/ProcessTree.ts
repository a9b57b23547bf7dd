import { readdirSync, readFileSync } from "node:fs"

/** One process and its memory, in bytes. `proportional` (PSS) counts pages that several processes share in parts. */
export interface ProcessMemory {
  readonly pid: number
  readonly proportional: number
  readonly resident: number
}

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return "" // the process ended meanwhile
  }
}

const parentOf = (pid: number): number => {
  const stat = read(`/proc/${pid}/stat`)
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])
}

/** All processes below `pid`, itself not included. */
export const descendants = (pid: number): ReadonlyArray<number> => {
  const children = new Map<number, Array<number>>()
  for (const name of readdirSync("/proc")) {
    const child = Number(name)
    if (!Number.isInteger(child)) continue
    const parent = parentOf(child)
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [child])
    else siblings.push(child)
  }
  const below = (parent: number): ReadonlyArray<number> =>
    (children.get(parent) ?? []).flatMap((child) => [child, ...below(child)])
  return below(pid)
}

export const commandLine = (pid: number): ReadonlyArray<string> => read(`/proc/${pid}/cmdline`).split("\0")

/** The media workers of a runtime. */
export const mediaWorkers = (node: number): ReadonlyArray<number> =>
  descendants(node).filter((pid) => commandLine(pid).some((word) => word.endsWith("WorkerMain.js")))

const kilobytes = (text: string, field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0)

/** Undefined when the process is gone. */
export const memoryOf = (pid: number): ProcessMemory | undefined => {
  const text = read(`/proc/${pid}/smaps_rollup`)
  if (text === "") return undefined
  return { pid, proportional: kilobytes(text, "Pss") * 1024, resident: kilobytes(text, "Rss") * 1024 }
}

/** Of a process and all below it. */
export const memoryOfTree = (pid: number): ReadonlyArray<ProcessMemory> =>
  [pid, ...descendants(pid)].flatMap((one) => memoryOf(one) ?? [])

export const proportionalTotal = (processes: ReadonlyArray<ProcessMemory>): number =>
  processes.reduce((sum, { proportional }) => sum + proportional, 0)
