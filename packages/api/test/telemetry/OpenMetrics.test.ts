import { describe, expect, it } from "@effect/vitest"
import { effectMetrics } from "@vigil/api/telemetry/EffectMetrics"
import type { MetricFamily } from "@vigil/api/telemetry/MetricFamily"
import { formatOpenMetrics } from "@vigil/api/telemetry/OpenMetrics"
import { ProcessMetrics } from "@vigil/api/telemetry/ProcessMetrics"
import { Duration, Effect, Metric, MetricBoundaries } from "effect"
import * as fc from "effect/FastCheck"

interface Parsed {
  readonly name: string
  type: string
  unit?: string
  help?: string
  readonly samples: Array<{ readonly name: string; readonly labels: ReadonlyMap<string, string>; readonly value: number }>
}

const suffixes: Readonly<Record<string, ReadonlyArray<string>>> = {
  counter: ["_total", "_created"],
  gauge: [""],
  histogram: ["_bucket", "_count", "_sum", "_created"],
  summary: ["", "_count", "_sum", "_created"]
}

const unescape = (text: string) => text.replace(/\\([\\"n])/g, (_, c: string) => (c === "n" ? "\n" : c))

/** Reads what the grammar of OpenMetrics 1.0 allows, and refuses everything else. */
const parse = (text: string): ReadonlyMap<string, Parsed> => {
  const families = new Map<string, Parsed>()
  const lines = text.split("\n")
  if (lines.pop() !== "" || lines.pop() !== "# EOF") throw new Error("must end with # EOF and a line feed")
  let current: Parsed | undefined
  for (const line of lines) {
    const meta = /^# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) ([^\n]*)$/.exec(line)
    if (meta !== null) {
      const [, kind, name = "", rest = ""] = meta
      if (current?.name !== name) {
        if (families.has(name)) throw new Error(`family ${name} twice`)
        current = { name, type: "unknown", samples: [] }
        families.set(name, current)
      }
      if (current.samples.length > 0) throw new Error(`metadata after samples: ${line}`)
      if (kind === "TYPE") current.type = rest
      else if (kind === "UNIT") {
        if (!name.endsWith(`_${rest}`)) throw new Error(`unit ${rest} is not in ${name}`)
        current.unit = rest
      } else current.help = unescape(rest)
      continue
    }
    const sample =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(
        line
      )
    if (sample === null || current === undefined) throw new Error(`not a sample: ${line}`)
    const [, name = "", labelText = "", value = ""] = sample
    const suffix = name.slice(current.name.length)
    if (!name.startsWith(current.name) || !(suffixes[current.type] ?? []).includes(suffix))
      throw new Error(`${name} is not of ${current.name}`)
    const labels = new Map<string, string>()
    for (const [, key = "", labelValue = ""] of labelText.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"/g)) {
      if (labels.has(key)) throw new Error(`label ${key} twice`)
      labels.set(key, unescape(labelValue))
    }
    current.samples.push({ name, labels, value: Number(value.replace("Inf", "Infinity")) })
  }
  return families
}

const checkHistogram = ({ name, samples }: Parsed) => {
  const series = new Map<string, Array<readonly [bound: number, count: number]>>()
  for (const { labels, name: sample, value } of samples) {
    if (sample !== `${name}_bucket`) continue
    const key = JSON.stringify([...labels].filter(([label]) => label !== "le"))
    const buckets = series.get(key) ?? []
    buckets.push([Number((labels.get("le") ?? "").replace("Inf", "Infinity")), value])
    series.set(key, buckets)
  }
  expect(series.size).toBeGreaterThan(0)
  for (const buckets of series.values()) {
    expect(buckets.at(-1)?.[0]).toBe(Number.POSITIVE_INFINITY)
    expect(buckets).toEqual([...buckets].sort(([a], [b]) => a - b))
    expect(buckets.map(([, count]) => count)).toEqual(buckets.map(([, count]) => count).sort((a, b) => a - b))
  }
}

describe("OpenMetrics", () => {
  it.effect("tells every kind of Effect metric", () =>
    Effect.gen(function* () {
      const counter = Metric.counter("test_frames", { description: 'Frames\nseen \\ "all"', incremental: true })
      yield* Metric.increment(counter).pipe(Effect.tagMetrics("camera", 'a "quoted"\\\nname'))
      yield* Metric.incrementBy(counter, 4)
      yield* Metric.update(Metric.counter("test_level", {}), -3)
      yield* Metric.set(Metric.gauge("test_heap_bytes"), 12.5)
      yield* Metric.update(Metric.histogram("test_wait_seconds", MetricBoundaries.fromIterable([0.1, 1])), 0.5)
      yield* Metric.update(Metric.timerWithBoundaries("test_run", [10, 100]), Duration.millis(50))
      yield* Metric.update(
        Metric.summary({ name: "test_size", maxAge: "1 minute", maxSize: 100, error: 0, quantiles: [0.5, 0.9] }),
        7
      )
      yield* Metric.update(Metric.frequency("test_reason"), "timeout")
      yield* Metric.increment(Metric.counter("test-odd.name/1", { incremental: true }))

      const families = parse(formatOpenMetrics(effectMetrics()))
      const values = (name: string) => families.get(name)?.samples.map(({ labels, value }) => [Object.fromEntries(labels), value])
      expect(families.get("test_frames")).toMatchObject({ type: "counter", help: 'Frames\nseen \\ "all"' })
      expect(values("test_frames")).toEqual(
        expect.arrayContaining([
          [{ camera: 'a "quoted"\\\nname' }, 1],
          [{}, 4]
        ])
      )
      expect(families.get("test_level")).toMatchObject({ type: "gauge", samples: [{ value: -3 }] })
      expect(families.get("test_heap_bytes")).toMatchObject({ type: "gauge", unit: "bytes", samples: [{ value: 12.5 }] })
      expect(values("test_wait_seconds")).toEqual([
        [{ le: "0.1" }, 0],
        [{ le: "1.0" }, 1],
        [{ le: "+Inf" }, 1],
        [{}, 1],
        [{}, 0.5]
      ])
      expect(families.get("test_run_seconds")?.unit).toBe("seconds")
      expect(values("test_run_seconds")).toEqual([
        [{ le: "0.01" }, 0],
        [{ le: "0.1" }, 1],
        [{ le: "+Inf" }, 1],
        [{}, 1],
        [{}, 0.05]
      ])
      expect(values("test_size")).toEqual([
        [{ quantile: "0.5" }, 7],
        [{ quantile: "0.9" }, 7],
        [{}, 1],
        [{}, 7]
      ])
      expect(values("test_reason")).toEqual([[{ value: "timeout" }, 1]])
      expect(families.get("test_odd_name_1")?.samples).toMatchObject([{ name: "test_odd_name_1_total", value: 1 }])
      for (const family of families.values()) if (family.type === "histogram") checkHistogram(family)
    })
  )

  it.effect("tells no more series of a name than its bound", () =>
    Effect.gen(function* () {
      const counter = Metric.counter("test_unbounded", { incremental: true })
      for (let i = 0; i < 2100; i++) yield* Metric.increment(counter).pipe(Effect.tagMetrics("id", String(i)))
      expect(parse(formatOpenMetrics(effectMetrics())).get("test_unbounded")?.samples).toHaveLength(2000)
    })
  )

  it.scoped("tells the process", () =>
    Effect.gen(function* () {
      const families = parse(formatOpenMetrics(yield* yield* ProcessMetrics))
      const value = (name: string) => families.get(name)?.samples[0]?.value ?? 0
      expect(value("process_resident_memory_bytes")).toBeGreaterThan(1e7)
      expect(value("process_cpu_seconds")).toBeGreaterThan(0)
      expect(value("process_open_fds")).toBeGreaterThan(3)
      expect(value("process_start_time_seconds")).toBeLessThan(Date.now() / 1000)
    }).pipe(Effect.provide(ProcessMetrics.layer))
  )

  it("writes what a strict reader takes, whatever names, texts and numbers there are", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/)
    const family: fc.Arbitrary<MetricFamily> = fc.record({
      name: fc
        .tuple(name, fc.constantFrom("", "_seconds", "_bytes"))
        .map(([a, b]) => `x_${a.replace(/_(seconds|bytes|ratio)$/, "")}${b}`),
      type: fc.constantFrom("gauge" as const),
      help: fc.string({ unit: "binary" }),
      samples: fc.array(
        fc.record({
          suffix: fc.constant("" as const),
          labels: fc.uniqueArray(fc.tuple(name, fc.string({ unit: "binary" })), { selector: ([label]) => label }),
          value: fc.oneof(fc.double(), fc.integer())
        }),
        { maxLength: 3 }
      )
    })
    fc.assert(
      fc.property(fc.array(family), (families) => {
        const parsed = parse(formatOpenMetrics(families))
        for (const { help, name: told, samples } of families.filter(
          (one, index) =>
            one.samples.length > 0 && families.findIndex((f) => f.name === one.name && f.samples.length > 0) === index
        )) {
          expect(parsed.get(told)?.help ?? "").toBe(help)
          expect(parsed.get(told)?.samples.map(({ labels, value }) => [[...labels], value])).toEqual(
            samples.map(({ labels, value }) => [labels.map(([a, b]) => [a, b]), Object.is(value, -0) ? 0 : value])
          )
        }
      }),
      { numRuns: 200 }
    )
  })
})
