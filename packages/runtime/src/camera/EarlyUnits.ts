import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { AccessUnitSink } from "@vigil/core/Source"

/** Access units kept at the most before the pipeline is ready; it takes milliseconds. */
const capacity = 512

/** Holds back the access units that come while a source is still being opened, so that the first key frame is not lost. */
export interface EarlyUnits {
  readonly sink: AccessUnitSink
  /** Hands over what was held back, and from now on everything at once. */
  readonly release: (target: AccessUnitSink) => void
}

export const makeEarlyUnits = (): EarlyUnits => {
  let forward: AccessUnitSink | undefined
  let held: Array<AccessUnit> = []
  let waiting: Promise<void> | undefined
  let resume: (() => void) | undefined
  return {
    sink: (unit) => {
      if (forward !== undefined) return forward(unit)
      if (held.length < capacity) held.push(unit)
      waiting ??= new Promise((resolve) => {
        resume = resolve
      })
      return waiting
    },
    release: (target) => {
      const early = held
      held = []
      forward = target
      for (const unit of early) void target(unit)
      resume?.()
    }
  }
}
