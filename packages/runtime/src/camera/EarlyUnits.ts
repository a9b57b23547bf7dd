import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { AccessUnitSink } from "@vigil/core/Source"

/** Access units kept at the most before the pipeline is ready; it takes milliseconds. */
const capacity = 512

/** Holds back the access units that come while a source is still being opened, so that the first key frame is not lost. */
export interface EarlyUnits {
  readonly sink: AccessUnitSink
  /** The pipeline is ready: hands over what was held back, and everything from now on at once. */
  readonly release: () => void
}

export const makeEarlyUnits = (target: AccessUnitSink): EarlyUnits => {
  let held: Array<AccessUnit> | undefined = []
  let waiting: Promise<void> | undefined
  let resume: (() => void) | undefined
  return {
    sink: (unit) => {
      if (held === undefined) return target(unit)
      if (held.length < capacity) held.push(unit)
      waiting ??= new Promise((resolve) => {
        resume = resolve
      })
      return waiting
    },
    release: () => {
      const early = held ?? []
      held = undefined
      for (const unit of early) void target(unit)
      resume?.()
    }
  }
}
