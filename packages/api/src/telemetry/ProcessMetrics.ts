import { Context, Effect, Layer } from "effect"
import { readdir, readFile } from "node:fs/promises"
import { monitorEventLoopDelay } from "node:perf_hooks"
import type { MetricFamily } from "./MetricFamily.js"

/** Milliseconds that one set of event loop figures covers. */
const window = 30_000

const gauge = (name: string, help: string, value: number): MetricFamily => ({
  name,
  type: "gauge",
  help,
  samples: [{ suffix: "", labels: [], value }]
})

/** Of this process. None outside of Linux. */
const descriptors = async (): Promise<ReadonlyArray<MetricFamily>> => {
  try {
    const open = (await readdir("/proc/self/fd")).length
    const most = /^Max open files\s+(\d+)/m.exec(await readFile("/proc/self/limits", "utf8"))?.[1]
    return [
      gauge("process_open_fds", "File descriptors that are open.", open),
      ...(most === undefined ? [] : [gauge("process_max_fds", "File descriptors that may be open.", Number(most))])
    ]
  } catch {
    // No /proc: these two are not known then.
    return []
  }
}

const cpu = (): MetricFamily => {
  const { system, user } = process.cpuUsage()
  return {
    name: "process_cpu_seconds",
    type: "counter",
    help: "CPU time that the process took.",
    samples: [{ suffix: "_total", labels: [], value: (user + system) / 1e6 }]
  }
}

/** Figures of the process itself, by the names that Prometheus' own clients use. */
export class ProcessMetrics extends Context.Tag("@vigil/api/ProcessMetrics")<
  ProcessMetrics,
  Effect.Effect<ReadonlyArray<MetricFamily>>
>() {
  static readonly layer: Layer.Layer<ProcessMetrics> = Layer.scoped(
    ProcessMetrics,
    Effect.gen(function* () {
      const histogram = monitorEventLoopDelay({ resolution: 10 })
      let told = { p50: 0, p99: 0, max: 0 }
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          histogram.enable()
          return setInterval(() => {
            told = { p50: histogram.percentile(50) / 1e9, p99: histogram.percentile(99) / 1e9, max: histogram.max / 1e9 }
            histogram.reset()
          }, window).unref()
        }),
        (timer) =>
          Effect.sync(() => {
            clearInterval(timer)
            histogram.disable()
          })
      )
      const startTime = Date.now() / 1000 - process.uptime()
      return Effect.map(Effect.promise(descriptors), (files) => {
        const memory = process.memoryUsage()
        return [
          cpu(),
          gauge("process_start_time_seconds", "When the process started, since 1970 in UTC.", startTime),
          gauge("process_resident_memory_bytes", "Memory of the process in RAM.", memory.rss),
          ...files,
          gauge("nodejs_heap_used_bytes", "JavaScript objects, garbage included.", memory.heapUsed),
          gauge("nodejs_external_memory_bytes", "Buffers and other memory outside of the JavaScript heap.", memory.external),
          {
            name: "nodejs_eventloop_delay_seconds",
            type: "summary",
            help: "How late timers ran (10 ms each included), over the last whole 30 s.",
            samples: [
              ["0.5", told.p50],
              ["0.99", told.p99],
              ["1.0", told.max]
            ].map(([quantile, value]) => ({
              suffix: "",
              labels: [["quantile", String(quantile)]],
              value: Number(value)
            }))
          }
        ]
      })
    })
  )
}
