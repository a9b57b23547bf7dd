import { Metric, MetricKeyType, type MetricLabel, type MetricPair, MetricState, Option } from "effect"
import type { Labels, MetricFamily, Sample } from "./MetricFamily.js"

/** Series of one name that are told; a label that grows without bound costs no more than these. */
const mostSeries = 2000

/** `Metric.timer` and `Metric.timerWithBoundaries` measure milliseconds and say so with this tag. */
const millisecondsTag = { key: "time_unit", value: "milliseconds" }

const toName = (text: string): string => text.replace(/[^a-zA-Z0-9_:]/g, "_").replace(/^(\d)/, "_$1")
const toLabelName = (text: string): string => toName(text).replaceAll(":", "_")

const isMilliseconds = ({ key, value }: MetricLabel.MetricLabel) => key === millisecondsTag.key && value === millisecondsTag.value

const toLabels = (tags: ReadonlyArray<MetricLabel.MetricLabel>): Labels =>
  [...new Map(tags.filter((tag) => !isMilliseconds(tag)).map(({ key, value }) => [toLabelName(key), value] as const))].sort(
    ([a], [b]) => (a < b ? -1 : 1)
  )

const withLabel = (labels: Labels, name: string, value: string): Labels => [...labels, [name, value]]

const toBound = (bound: number): string =>
  bound === Number.POSITIVE_INFINITY ? "+Inf" : Number.isInteger(bound) ? `${bound}.0` : String(bound)

type Told = Pick<MetricFamily, "type" | "samples">

const histogram = (state: MetricState.MetricState.Histogram, labels: Labels, scale: number): ReadonlyArray<Sample> => {
  const buckets = [...state.buckets].map(([bound, value]) => [bound * scale, value] as const)
  if (!buckets.some(([bound]) => bound === Number.POSITIVE_INFINITY)) buckets.push([Number.POSITIVE_INFINITY, state.count])
  return [
    ...buckets.map(([bound, value]): Sample => ({ suffix: "_bucket", labels: withLabel(labels, "le", toBound(bound)), value })),
    { suffix: "_count", labels, value: state.count },
    { suffix: "_sum", labels, value: state.sum * scale }
  ]
}

const summary = (state: MetricState.MetricState.Summary, labels: Labels, scale: number): ReadonlyArray<Sample> => [
  ...[...state.quantiles].flatMap(
    ([quantile, value]): ReadonlyArray<Sample> =>
      Option.match(value, {
        onNone: () => [],
        onSome: (known) => [{ suffix: "", labels: withLabel(labels, "quantile", String(quantile)), value: known * scale }]
      })
  ),
  { suffix: "_count", labels, value: state.count },
  { suffix: "_sum", labels, value: state.sum * scale }
]

const tell = ({ metricKey, metricState }: MetricPair.MetricPair.Untyped, labels: Labels, scale: number): Told => {
  if (MetricState.isCounterState(metricState)) {
    const counts = MetricKeyType.isCounterKey(metricKey.keyType) && metricKey.keyType.incremental
    const value = Number(metricState.count)
    // One that may go down is a gauge to everybody else.
    return { type: counts ? "counter" : "gauge", samples: [{ suffix: counts ? "_total" : "", labels, value }] }
  }
  if (MetricState.isGaugeState(metricState)) {
    return { type: "gauge", samples: [{ suffix: "", labels, value: Number(metricState.value) * scale }] }
  }
  if (MetricState.isHistogramState(metricState)) return { type: "histogram", samples: histogram(metricState, labels, scale) }
  if (MetricState.isSummaryState(metricState)) return { type: "summary", samples: summary(metricState, labels, scale) }
  if (MetricState.isFrequencyState(metricState)) {
    return {
      type: "counter",
      samples: [...metricState.occurrences].map(([value, count]) => ({
        suffix: "_total",
        labels: withLabel(labels, "value", value),
        value: count
      }))
    }
  }
  return { type: "gauge", samples: [] }
}

const familyName = (name: string, type: MetricFamily["type"], milliseconds: boolean): string => {
  const inUnit = milliseconds && !name.endsWith("_seconds") ? `${name}_seconds` : name
  return type === "counter" ? inUnit.replace(/_total$/, "") : inUnit
}

interface Growing {
  readonly type: MetricFamily["type"]
  readonly help: string
  readonly samples: Array<Sample>
  series: number
}

/** Whatever the program measures through Effect's metrics, as families in the order of their names. */
export const effectMetrics = (): ReadonlyArray<MetricFamily> => {
  const families = new Map<string, Growing>()
  for (const pair of Metric.unsafeSnapshot()) {
    const { description, name, tags } = pair.metricKey
    const milliseconds = tags.some(isMilliseconds)
    const { samples, type } = tell(pair, toLabels(tags), milliseconds ? 0.001 : 1)
    const key = familyName(toName(name), type, milliseconds)
    const family: Growing = families.get(key) ?? { type, help: Option.getOrElse(description, () => ""), samples: [], series: 0 }
    families.set(key, family)
    if (family.type !== type || family.series >= mostSeries) continue
    family.series += 1
    family.samples.push(...samples)
  }
  return [...families]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { help, samples, type }]) => ({ name, type, help, samples }))
}
