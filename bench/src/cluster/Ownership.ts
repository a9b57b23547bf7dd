/** One actor's time at its source, as the node that it lives in tells it. Times are milliseconds since 1970. */
export interface CameraRun {
  readonly camera: number
  readonly node: string
  /** Which process of that name. */
  readonly process: number
  readonly from: number
  /** Absent while it goes on. A node that is killed tells of no end: it is when it was killed. */
  until?: number
}

/** Which node runs which camera, now and before. */
export interface Ownership {
  readonly opened: (camera: number, node: string, process: number, at: number) => void
  readonly closed: (camera: number, process: number, at: number) => void
  /** A process ended: so did all that it ran. */
  readonly ended: (process: number, at: number) => void
  readonly runs: () => ReadonlyArray<CameraRun>
  /** Cameras that run now, by node; a process that stands still is as it was. */
  readonly running: () => ReadonlyMap<number, ReadonlyArray<CameraRun>>
  readonly on: (process: number) => ReadonlyArray<number>
}

export const makeOwnership = (): Ownership => {
  const all: Array<CameraRun> = []
  const current = new Map<string, CameraRun>()
  const key = (camera: number, process: number) => `${process}/${camera}`

  const end = (camera: number, process: number, at: number) => {
    const run = current.get(key(camera, process))
    if (run === undefined) return
    run.until = at
    current.delete(key(camera, process))
  }

  return {
    opened: (camera, node, process, from) => {
      end(camera, process, from)
      const run: CameraRun = { camera, node, process, from }
      all.push(run)
      current.set(key(camera, process), run)
    },
    closed: end,
    ended: (process, at) => {
      for (const run of current.values()) if (run.process === process) end(run.camera, process, at)
    },
    runs: () => all,
    running: () => {
      const byCamera = new Map<number, Array<CameraRun>>()
      for (const run of current.values()) {
        const known = byCamera.get(run.camera)
        if (known === undefined) byCamera.set(run.camera, [run])
        else known.push(run)
      }
      return byCamera
    },
    on: (process) => [...current.values()].flatMap((run) => (run.process === process ? [run.camera] : []))
  }
}
