import type { CameraSample, LoggedEvent } from "../node/NodeProtocol.js"

/** Milliseconds that a camera may be without an actor. */
const absenceBar = 5_000
/** Milliseconds that a camera may serve two sessions at a time without a fault: an old connection that its client has closed ends at once. */
const doubledBar = 10_000

/** Checks what must hold of actors and events at every moment; `broken` collects what did not. */
export interface ActorWatch {
  readonly sample: (at: number, cameras: ReadonlyArray<CameraSample>) => void
  /** Sessions that the camera itself counts, for cameras without a fault. */
  readonly sessions: (at: number, camera: number, sessions: number | undefined) => void
  readonly event: (event: LoggedEvent) => void
  /** The whole event log at the end. */
  readonly log: (entries: ReadonlyArray<LoggedEvent>) => void
  readonly events: () => number
  readonly broken: () => ReadonlyArray<string>
}

export const watchActors = (cameras: number): ActorWatch => {
  const broken: Array<string> = []
  const epochs = new Array<number>(cameras).fill(0)
  const seen = new Array<number | undefined>(cameras).fill(undefined)
  const single = new Array<number | undefined>(cameras).fill(undefined)
  const published = new Map<number, Array<LoggedEvent>>()
  let events = 0

  const checkOrder = (camera: number, entries: ReadonlyArray<LoggedEvent>) => {
    entries.forEach(({ epoch, sequence }, index) => {
      const before = entries[index - 1]
      if (sequence !== index + 1) broken.push(`camera ${camera}: event ${index + 1} of its log has the sequence ${sequence}`)
      if (before !== undefined && epoch < before.epoch)
        broken.push(`camera ${camera}: epoch ${epoch} follows epoch ${before.epoch} in its log`)
    })
  }

  const checkPublished = (camera: number, logged: number) => {
    const entries = published.get(camera) ?? []
    entries.forEach(({ sequence }, index) => {
      if (sequence !== index + 1) broken.push(`camera ${camera}: event ${sequence} was published when ${index + 1} was due`)
    })
    if (entries.length !== logged)
      broken.push(`camera ${camera}: ${logged} events are in the log, ${entries.length} were published`)
  }

  return {
    sample: (at, samples) => {
      const counts = new Map<number, number>()
      for (const { camera, epoch } of samples) {
        counts.set(camera, (counts.get(camera) ?? 0) + 1)
        if (epoch < (epochs[camera] ?? 0)) broken.push(`camera ${camera}: epoch ${epoch} after ${epochs[camera]}`)
        epochs[camera] = epoch
        seen[camera] = at
      }
      for (const [camera, count] of counts) if (count > 1) broken.push(`camera ${camera}: ${count} actors at once`)
      for (let camera = 0; camera < cameras; camera++) {
        const last = (seen[camera] ??= at)
        if (at - last <= absenceBar) continue
        broken.push(`camera ${camera}: no actor for ${Math.round(at - last)} ms`)
        seen[camera] = at
      }
    },
    sessions: (at, camera, sessions) => {
      if (sessions === undefined || sessions <= 1) {
        single[camera] = at
        return
      }
      const since = (single[camera] ??= at)
      if (at - since <= doubledBar) return
      broken.push(`camera ${camera}: ${sessions} sessions at once for ${Math.round(at - since)} ms`)
      single[camera] = at
    },
    event: (event) => {
      events++
      const known = published.get(event.camera)
      if (known === undefined) published.set(event.camera, [event])
      else known.push(event)
    },
    log: (entries) => {
      for (let camera = 0; camera < cameras; camera++) {
        const own = entries.filter((entry) => entry.camera === camera).sort((a, b) => a.sequence - b.sequence)
        checkOrder(camera, own)
        checkPublished(camera, own.length)
      }
    },
    events: () => events,
    broken: () => broken
  }
}
