import type { Detectors } from "./Detectors.js"

/** Detectors, and the ones before them that still look at the pictures until the new ones' models are loaded. */
export interface DetectorHandover extends Omit<Detectors, "ready"> {
  /** The ones that look at the pictures now; the others are closed. */
  readonly atWork: () => Detectors
}

/** Has `next` take over as soon as it can: a model that is exchanged leaves no gap, and one that cannot be loaded changes nothing. */
export const handOver = (next: Detectors, predecessor: DetectorHandover | undefined): DetectorHandover => {
  let before = predecessor?.atWork()

  const current = (): Detectors => {
    if (before === undefined || !next.ready()) return before ?? next
    before.close()
    before = undefined
    return next
  }

  return {
    see: (picture, frame, moving) => current().see(picture, frame, moving),
    idle: async () => {
      await Promise.all([next.idle(), before?.idle()])
    },
    close: () => {
      before?.close()
      next.close()
    },
    atWork: () => {
      const working = current()
      if (working !== next) next.close()
      return working
    }
  }
}
