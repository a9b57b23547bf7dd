import type { PipelineStatistics } from "@vigil/core/CameraStatus"
import type { MemoryFigures } from "./MemoryWatch.js"
import type { Outage, RecoveryFigures } from "./Recoveries.js"
import { recoveryBar } from "./Recoveries.js"

/** What a soak saw. Times in seconds, memory in megabytes. */
export interface SoakReport {
  readonly name: "soak"
  readonly cameras: number
  readonly seconds: number
  readonly seed: number
  readonly store: "memory" | "postgres"
  readonly recoveries: ReadonlyArray<RecoveryFigures>
  readonly outages: ReadonlyArray<Outage>
  readonly memory: {
    readonly total: { readonly start: number; readonly end: number; readonly max: number }
    readonly processes: ReadonlyArray<MemoryFigures>
  }
  /** How busy the machine was with everything on it: the highest load average, and by how many seconds an idle process was late at worst. */
  readonly machine: { readonly load: number; readonly late: number }
  readonly mediaWorkersStarted: number
  readonly overlays: number
  readonly events: number
  readonly pipeline: Pick<
    PipelineStatistics,
    "framesDecoded" | "framesDropped" | "framesSkipped" | "inferences" | "inferencesDropped"
  >
  /** What was broken, one sentence each; nothing when the soak passed. */
  readonly broken: ReadonlyArray<string>
}

/** Megabytes a minute that a process may grow; noise of a heap that is collected now and then is below. */
const growthBar = 3

/** What of the measured figures misses its bar. */
export const missedBars = ({ memory, outages, recoveries }: Omit<SoakReport, "broken">): ReadonlyArray<string> => [
  ...recoveries
    .filter(({ max }) => max * 1000 > recoveryBar)
    .map(
      ({ kind, max }) => `${kind}: a camera streamed again only after ${max.toFixed(1)} s; the bar is ${recoveryBar / 1000} s`
    ),
  ...outages.map(
    ({ after, camera, from }) =>
      `camera ${camera}: no pictures at ${from.toFixed(1)} s, long after its last fault (${after ?? "none"})`
  ),
  ...memory.processes
    .filter(({ growth }) => growth !== undefined && growth > growthBar)
    .map(({ growth, process }) => `${process} grows by ${growth?.toFixed(1)} MB a minute; the bar is ${growthBar}`)
]

const row = (cells: ReadonlyArray<string | number>) =>
  cells.map((cell, index) => (index === 0 ? `${cell}`.padEnd(22) : `${cell}`.padStart(10))).join("")

export const reportText = (report: SoakReport): string => {
  const { max, start, end } = report.memory.total
  return [
    `soak: ${report.cameras} cameras, ${report.seconds} s, seed ${report.seed}, events in ${report.store}`,
    row(["fault", "count", "overtaken", "p95 s", "max s"]),
    ...report.recoveries.map(({ count, kind, max: most, overtaken, p95 }) =>
      row([kind, count, overtaken, p95.toFixed(2), most.toFixed(2)])
    ),
    row(["process", "start MB", "end MB", "max MB", "MB/min"]),
    ...report.memory.processes.map((one) =>
      row([one.process, one.start.toFixed(0), one.end.toFixed(0), one.max.toFixed(0), one.growth?.toFixed(2) ?? "-"])
    ),
    row(["all processes", start.toFixed(0), end.toFixed(0), max.toFixed(0), ""]),
    `${report.mediaWorkersStarted} media workers started, ${report.overlays} overlays, ${report.events} events, ` +
      `${report.pipeline.framesDecoded} frames decoded, ${report.pipeline.framesDropped} dropped, ` +
      `${report.pipeline.inferences} inferences, ${report.pipeline.inferencesDropped} dropped`,
    `the machine: load ${report.machine.load.toFixed(1)} at the most, timers up to ${report.machine.late.toFixed(2)} s late`,
    ...report.broken.map((sentence) => `BROKEN: ${sentence}`),
    report.broken.length === 0 ? "nothing broke" : `${report.broken.length} things broke`
  ].join("\n")
}
