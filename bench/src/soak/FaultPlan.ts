import { type Random, seededRandom } from "@vigil/fixtures/Random"

/** What happens to one camera, at once or for a while. */
const blows = ["kill-reset", "kill-close", "kill-bye", "size-change"] as const
const states = [
  "freeze",
  "half-open",
  "loss",
  "corruption",
  "slow",
  "refuse",
  "hang-describe",
  "hang-play",
  "switched-off"
] as const
/** What happens to a media worker, and so to all its cameras. */
const workerBlows = ["worker-kill", "worker-stop"] as const

export const cameraFaultKinds = [...blows, ...states] as const
export type CameraFaultKind = (typeof cameraFaultKinds)[number]
export type WorkerFaultKind = (typeof workerBlows)[number]
export type FaultKind = CameraFaultKind | WorkerFaultKind

/** Seconds from the start of the soak. */
export interface CameraFault {
  readonly kind: CameraFaultKind
  /** Counts from 0. */
  readonly camera: number
  readonly begin: number
  readonly end: number
}

export interface WorkerFault {
  readonly kind: WorkerFaultKind
  readonly begin: number
  /** 0..1: which of the workers that run then. */
  readonly choice: number
}

export interface FaultPlan {
  /** By beginning. */
  readonly cameras: ReadonlyArray<CameraFault>
  readonly workers: ReadonlyArray<WorkerFault>
}

export interface FaultPlanOptions {
  readonly cameras: number
  readonly seconds: number
  readonly seed: number
}

/** Seconds. Between two faults of a camera there is time to recover; the last ones end early enough to see the recovery. */
const timing = {
  first: 3,
  firstSpread: 18,
  shortest: 4,
  longest: 15,
  gap: 16.5,
  gapSpread: 9,
  quietEnd: 18,
  worker: 25,
  workerSpread: 20
}

const between = (random: Random, from: number, spread: number) => from + random() * spread

/** The same faults for the same options: every kind about as often, in random order, each camera on its own. */
export const planFaults = ({ cameras, seconds, seed }: FaultPlanOptions): FaultPlan => {
  const random = seededRandom(seed)
  const last = seconds - timing.quietEnd
  const times: Array<Omit<CameraFault, "kind">> = []
  for (let camera = 0; camera < cameras; camera++) {
    let begin = between(random, timing.first, timing.firstSpread)
    for (;;) {
      const end = begin + between(random, timing.shortest, timing.longest - timing.shortest)
      if (end > last) break
      times.push({ camera, begin, end })
      begin = end + between(random, timing.gap, timing.gapSpread)
    }
  }
  times.sort((a, b) => a.begin - b.begin)
  const kinds = drawer(cameraFaultKinds, random)
  const cameraFaults = times.map((time): CameraFault => {
    const kind = kinds()
    return { ...time, kind, end: blows.some((blow) => blow === kind) ? time.begin : time.end }
  })
  const workerKinds = drawer(workerBlows, random)
  const workers: Array<WorkerFault> = []
  for (
    let begin = between(random, timing.first, timing.worker);
    begin < last;
    begin += between(random, timing.worker, timing.workerSpread)
  ) {
    workers.push({ kind: workerKinds(), begin, choice: random() })
  }
  return { cameras: cameraFaults, workers }
}

/** Draws all of `values` in random order, then again. */
const drawer = <A>(values: readonly [A, ...ReadonlyArray<A>], random: Random): (() => A) => {
  let bag: Array<A> = []
  return () => {
    if (bag.length === 0) bag = [...values]
    const [drawn = values[0]] = bag.splice(Math.floor(random() * bag.length), 1)
    return drawn
  }
}
