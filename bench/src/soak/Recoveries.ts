import { percentile } from "@vigil/runtime/camera/LatencyWindow"
import type { FaultKind } from "./FaultPlan.js"

/** Seconds. */
export interface RecoveryFigures {
  readonly kind: FaultKind
  readonly count: number
  /** Of them, those that another fault hit before the camera had recovered: not measured. */
  readonly overtaken: number
  readonly p95: number
  readonly max: number
}

/** A camera that should have been streaming and was not. Seconds from the start of the soak. */
export interface Outage {
  readonly camera: number
  readonly from: number
  readonly after: FaultKind | undefined
}

interface Watched {
  active: FaultKind | undefined
  pending: { readonly kind: FaultKind; readonly end: number; fresh: boolean } | undefined
  /** When its newest fault ended, or the watch began, and what it was. */
  faultEnd: number
  lastKind: FaultKind | undefined
  newestOverlay: number
  reported: boolean
}

/** Milliseconds that a camera has after its fault's end, and longest silence of a camera that has recovered. */
export const recoveryBar = 15_000
const silenceBar = 5_000

/**
 * Measures how long cameras take to stream again: from a fault's end to the first status `Streaming` together with the first
 * published overlay of a frame that the camera captured after that end. All times in milliseconds since 1970.
 */
export interface Recoveries {
  /** From now on cameras must stream. */
  readonly start: (at: number) => void
  readonly begin: (camera: number, kind: FaultKind) => void
  readonly end: (camera: number, kind: FaultKind, at: number) => void
  readonly overlay: (camera: number, at: number, wallTime: number) => void
  readonly sample: (camera: number, at: number, streaming: boolean) => void
  readonly outages: () => ReadonlyArray<Outage>
  readonly figures: () => ReadonlyArray<RecoveryFigures>
}

export const watchRecoveries = (cameras: number): Recoveries => {
  let start: number | undefined
  const watched = Array.from(
    { length: cameras },
    (): Watched => ({
      active: undefined,
      pending: undefined,
      faultEnd: 0,
      lastKind: undefined,
      newestOverlay: 0,
      reported: false
    })
  )
  const samples = new Map<FaultKind, Array<number>>()
  const overtaken = new Map<FaultKind, number>()
  const outages: Array<Outage> = []

  const use = (camera: number, then: (state: Watched) => void) => {
    const state = watched[camera]
    if (state !== undefined) then(state)
  }

  const overtake = (state: Watched) => {
    if (state.pending !== undefined) overtaken.set(state.pending.kind, (overtaken.get(state.pending.kind) ?? 0) + 1)
    state.pending = undefined
  }

  const checkSilence = (camera: number, at: number, state: Watched) => {
    if (start === undefined) return
    const due = state.active === undefined && at - Math.max(start, state.faultEnd) > recoveryBar
    const silent = due && at - Math.max(start, state.newestOverlay, state.faultEnd) > silenceBar
    if (silent && !state.reported) outages.push({ camera, from: (at - start) / 1000, after: state.lastKind })
    state.reported = silent
  }

  return {
    start: (at) => {
      start = at
    },
    begin: (camera, kind) =>
      use(camera, (state) => {
        overtake(state)
        state.active = kind
      }),
    end: (camera, kind, at) =>
      use(camera, (state) => {
        overtake(state)
        // A blow to its worker while a camera has a fault of its own says nothing about either.
        if (state.active !== undefined && state.active !== kind) return
        state.active = undefined
        state.lastKind = kind
        state.faultEnd = at
        state.pending = { kind, end: at, fresh: false }
      }),
    overlay: (camera, at, wallTime) =>
      use(camera, (state) => {
        state.newestOverlay = Math.max(state.newestOverlay, at)
        if (state.pending !== undefined && wallTime >= state.pending.end) state.pending.fresh = true
      }),
    sample: (camera, at, streaming) =>
      use(camera, (state) => {
        checkSilence(camera, at, state)
        const { pending } = state
        if (pending === undefined || !pending.fresh || !streaming) return
        const known = samples.get(pending.kind)
        const took = at - pending.end
        if (known === undefined) samples.set(pending.kind, [took])
        else known.push(took)
        state.pending = undefined
      }),
    outages: () => outages,
    figures: () => {
      for (const state of watched) if (state.pending !== undefined) overtake(state)
      return [...new Set([...samples.keys(), ...overtaken.keys()])].sort().map((kind) => {
        const measured = samples.get(kind) ?? []
        return {
          kind,
          count: measured.length + (overtaken.get(kind) ?? 0),
          overtaken: overtaken.get(kind) ?? 0,
          p95: (percentile(measured, 0.95) ?? 0) / 1000,
          max: Math.max(0, ...measured) / 1000
        }
      })
    }
  }
}
