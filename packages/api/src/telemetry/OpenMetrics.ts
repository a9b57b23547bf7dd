import type { Labels, MetricFamily, Sample } from "./MetricFamily.js"

/** OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/), which Prometheus reads as it is. */
export const openMetricsContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

/** Base units; the last word of a name is its unit where it is one of these. */
const units: ReadonlySet<string> = new Set([
  "seconds",
  "bytes",
  "ratio",
  "celsius",
  "volts",
  "amperes",
  "joules",
  "grams",
  "meters"
])

const unitOf = (name: string): string | undefined => {
  const last = name.slice(name.lastIndexOf("_") + 1)
  return units.has(last) ? last : undefined
}

const escape = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")

const formatNumber = (value: number): string => {
  if (Number.isNaN(value)) return "NaN"
  if (value === Number.POSITIVE_INFINITY) return "+Inf"
  if (value === Number.NEGATIVE_INFINITY) return "-Inf"
  return String(value)
}

const formatLabels = (labels: Labels): string =>
  labels.length === 0 ? "" : `{${labels.map(([name, value]) => `${name}="${escape(value)}"`).join(",")}}`

const formatSample = (name: string, { labels, suffix, value }: Sample): string =>
  `${name}${suffix}${formatLabels(labels)} ${formatNumber(value)}\n`

const formatFamily = ({ help, name, samples, type }: MetricFamily): string => {
  const unit = unitOf(name)
  return (
    `# TYPE ${name} ${type}\n` +
    (unit === undefined ? "" : `# UNIT ${name} ${unit}\n`) +
    (help === "" ? "" : `# HELP ${name} ${escape(help)}\n`) +
    samples.map((sample) => formatSample(name, sample)).join("")
  )
}

/** The exposition of the families, each name once: of families with one name the first is told. */
export const formatOpenMetrics = (families: ReadonlyArray<MetricFamily>): string => {
  const seen = new Set<string>()
  let text = ""
  for (const family of families) {
    if (seen.has(family.name) || family.samples.length === 0) continue
    seen.add(family.name)
    text += formatFamily(family)
  }
  return `${text}# EOF\n`
}
