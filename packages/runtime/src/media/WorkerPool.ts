import type { WorkerHealth } from "./MediaWorkers.js"
import type { EngineSettings } from "./worker/EngineModule.js"
import type { FromWorker } from "./worker/WorkerProtocol.js"
import { startWorkerProcess, type WorkerEnd, type WorkerProcess } from "./WorkerProcess.js"
import type { WorkerTenant } from "./WorkerTenant.js"

export interface WorkerPoolOptions {
  readonly name: string
  /** Tenants per process, while there may be more processes. */
  readonly tenantsPerWorker: number
  readonly workers: number
  readonly hangTimeout: number
  readonly memoryLimit: number
  readonly engine: EngineSettings
  /** A worker ended in a way that it should not have, or has something to say. */
  readonly onNote: (note: string) => void
}

/** Media worker processes, started when there is a tenant for them, restarted while they have one. */
export interface WorkerPool {
  readonly add: (tenant: WorkerTenant) => void
  readonly remove: (tenant: WorkerTenant) => void
  readonly health: () => ReadonlyArray<WorkerHealth>
  /** Ends all processes in an orderly way. */
  readonly close: () => Promise<void>
}

interface Worker {
  readonly number: number
  /** Its tenants were at work when other workers ended, more than once; no others join them. */
  readonly isolated: boolean
  readonly tenants: Map<number, WorkerTenant>
  process: WorkerProcess | undefined
  ready: boolean
  restarts: number
  /** Ends in a row, each soon after the start before it. */
  quickEnds: number
  startedAt: number
  timer: NodeJS.Timeout | undefined
}

interface Suspicion {
  readonly times: number
  readonly last: number
}

/** Milliseconds. A worker that lives so long has recovered; an empty one is kept a while for the next tenant. */
const recovered = 30_000
const keptEmpty = 10_000
const backoff = { first: 100, last: 10_000, lastIsolated: 30_000 }
/** Tenants that were at work in so many crashes within the time are set apart, half of them at a time until it is clear which one it is. */
const suspicion = { times: 2, within: 300_000 }

const leastOf = (workers: ReadonlyArray<Worker>): Worker =>
  workers.reduce((least, worker) => (worker.tenants.size < least.tenants.size ? worker : least))

export const makeWorkerPool = (options: WorkerPoolOptions): WorkerPool => {
  const workers: Array<Worker> = []
  /** By owner. */
  const suspicions = new Map<string, Suspicion>()
  /** Processes that were asked to end. */
  const leaving = new Set<Promise<void>>()
  let numbers = 0
  let closing = false

  const addWorker = (isolated: boolean): Worker => {
    const worker: Worker = {
      number: ++numbers,
      isolated,
      tenants: new Map(),
      process: undefined,
      ready: false,
      restarts: 0,
      quickEnds: 0,
      startedAt: 0,
      timer: undefined
    }
    workers.push(worker)
    return worker
  }

  const start = (worker: Worker) => {
    clearTimeout(worker.timer)
    worker.timer = undefined
    worker.startedAt = performance.now()
    const process = startWorkerProcess({
      engine: options.engine,
      hangTimeout: options.hangTimeout,
      memoryLimit: options.memoryLimit,
      onReady: () => {
        worker.ready = true
        for (const tenant of worker.tenants.values()) tenant.attach(process)
      },
      onMessage: (message) => deliver(worker, message),
      onExit: (end) => exited(worker, end)
    })
    worker.process = process
  }

  const deliver = (worker: Worker, message: FromWorker) => {
    if (message.type === "report") {
      for (const report of message.cameras) worker.tenants.get(report.camera)?.receive({ type: "report", cameras: [report] })
      return
    }
    const id = "camera" in message ? message.camera : "demuxer" in message ? message.demuxer : undefined
    if (message.type === "problem") options.onNote(`${options.name} ${worker.number}: ${message.detail}`)
    if (id !== undefined) worker.tenants.get(id)?.receive(message)
  }

  const isSuspected = (owner: string): boolean => {
    const known = suspicions.get(owner)
    return known !== undefined && known.times >= suspicion.times && performance.now() - known.last < suspicion.within
  }

  const suspect = (owner: string) => {
    const time = performance.now()
    for (const [name, { last }] of suspicions) if (time - last >= suspicion.within) suspicions.delete(name)
    suspicions.set(owner, { times: (suspicions.get(owner)?.times ?? 0) + 1, last: time })
  }

  /**
   * Those that the process was at work for, or, when a native call hung, those whose call it was: the ones among them that this has
   * happened to more than once.
   */
  const suspects = ({ tenants }: Worker, stuck: ReadonlyArray<number>): ReadonlyArray<WorkerTenant> => {
    const named = [...tenants.values()].filter((tenant) => (stuck.length > 0 ? stuck.includes(tenant.id) : tenant.atWork()))
    for (const { owner } of named) suspect(owner)
    return named.filter(({ owner }) => isSuspected(owner))
  }

  const exited = (worker: Worker, { fromOutside, reason, stuck }: WorkerEnd) => {
    const lived = performance.now() - worker.startedAt
    // Before it was ready it had nothing of its tenants.
    const blameless = fromOutside || !worker.ready
    worker.process = undefined
    worker.ready = false
    if (closing || worker.tenants.size === 0) return dispose(worker)
    options.onNote(
      `${options.name} ${worker.number} ended: ${reason}; ${worker.tenants.size} of its cameras go on in a new process`
    )
    worker.restarts++
    worker.quickEnds = lived < recovered ? worker.quickEnds + 1 : 0
    const suspected = blameless ? [] : suspects(worker, stuck)
    for (const tenant of worker.tenants.values()) tenant.detach(reason)
    if (worker.tenants.size > 1 && suspected.length > 0) isolate(worker, suspected.slice(0, Math.ceil(suspected.length / 2)))
    if (worker.tenants.size === 0) return dispose(worker)
    const longest = worker.isolated ? backoff.lastIsolated : backoff.last
    const pause = worker.quickEnds <= 1 ? 0 : Math.min(longest, backoff.first * 2 ** (worker.quickEnds - 2))
    worker.timer = setTimeout(() => start(worker), pause)
  }

  const isolate = (worker: Worker, tenants: ReadonlyArray<WorkerTenant>) => {
    options.onNote(
      `${options.name} ${worker.number}: ${tenants.length} of its cameras were at work in ${suspicion.times} crashes and get a process of their own`
    )
    const own = addWorker(true)
    for (const tenant of tenants) {
      worker.tenants.delete(tenant.id)
      own.tenants.set(tenant.id, tenant)
    }
    own.quickEnds = worker.quickEnds
    own.timer = setTimeout(() => start(own), Math.min(backoff.lastIsolated, backoff.first * 2 ** own.quickEnds))
  }

  const dispose = (worker: Worker) => {
    clearTimeout(worker.timer)
    const index = workers.indexOf(worker)
    if (index >= 0) workers.splice(index, 1)
  }

  const retire = (worker: Worker) => {
    if (worker.tenants.size > 0) return
    dispose(worker)
    if (worker.process === undefined) return
    const left = worker.process.shutdown().finally(() => leaving.delete(left))
    leaving.add(left)
  }

  /** A suspected camera that was opened again does not go back among the others. */
  const chooseIsolated = (): Worker => {
    const isolated = workers.filter((worker) => worker.isolated)
    return isolated.length < options.workers ? addWorker(true) : leastOf(isolated)
  }

  const choose = (owner: string): Worker => {
    if (isSuspected(owner)) return chooseIsolated()
    const open = workers.filter(({ isolated }) => !isolated)
    const withRoom = open.find(({ tenants }) => tenants.size < options.tenantsPerWorker)
    if (withRoom !== undefined) return withRoom
    return open.length < options.workers ? addWorker(false) : leastOf(open)
  }

  return {
    add: (tenant) => {
      const worker = choose(tenant.owner)
      worker.tenants.set(tenant.id, tenant)
      if (worker.process === undefined) {
        if (worker.timer === undefined) start(worker)
        return
      }
      clearTimeout(worker.timer)
      worker.timer = undefined
      if (worker.ready) tenant.attach(worker.process)
    },
    remove: (tenant) => {
      const worker = workers.find(({ tenants }) => tenants.has(tenant.id))
      if (worker === undefined) return
      worker.tenants.delete(tenant.id)
      if (worker.tenants.size > 0) return
      clearTimeout(worker.timer)
      if (worker.isolated || worker.process === undefined) return retire(worker)
      worker.timer = setTimeout(() => retire(worker), keptEmpty)
      worker.timer.unref()
    },
    health: () =>
      workers.map(({ number, process, restarts, tenants }) => ({
        worker: number,
        cameras: tenants.size,
        memory: process?.memory() ?? 0,
        restarts,
        pid: process?.pid
      })),
    close: async () => {
      closing = true
      const processes = workers.flatMap(({ process, timer }) => {
        clearTimeout(timer)
        return process === undefined ? [] : [process]
      })
      workers.length = 0
      await Promise.all([...leaving, ...processes.map((process) => process.shutdown())])
    }
  }
}
