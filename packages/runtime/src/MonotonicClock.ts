import { type MonotonicTime, monotonicTime } from "@vigil/core/Time"

/** `performance.now()` counts from the start of its thread; this is where that start lies on CLOCK_MONOTONIC. */
const origin = (() => {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6 - performance.now()
})()

/** CLOCK_MONOTONIC in milliseconds: the same for every process and thread of this machine. Cheap enough for each packet. */
export const now = (): MonotonicTime => monotonicTime(performance.now() + origin)
