import type { MonotonicTime } from "@vigil/core/Time"

/** `performance.now()` counts from the start of its thread; this is where that start lies on CLOCK_MONOTONIC. */
const origin = (() => {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6 - performance.now()
})()

/** CLOCK_MONOTONIC in milliseconds: the same for every process and thread of this machine. Cheap enough for each packet. */
// The brand is put on here, not by core's constructor: that module's schemas would load Effect, 40 MB, into every media worker.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this is where the brand is put on
export const now = (): MonotonicTime => (performance.now() + origin) as MonotonicTime
