import { loadavg } from "node:os"

const interval = 100

/** How busy the machine is with everything that runs on it: explains figures that nobody else can. */
export interface MachineWatch {
  readonly figures: () => { readonly load: number; readonly late: number }
  readonly stop: () => void
}

export const watchMachine = (): MachineWatch => {
  let load = 0
  let late = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    late = Math.max(late, now - last - interval)
    load = Math.max(load, loadavg()[0] ?? 0)
    last = now
  }, interval)
  return { figures: () => ({ load, late: late / 1000 }), stop: () => clearInterval(timer) }
}
