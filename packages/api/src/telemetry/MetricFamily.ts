/** Labels of a sample, sorted by name. */
export type Labels = ReadonlyArray<readonly [name: string, value: string]>

/** One line: the family's name with `suffix`, the labels, the number. */
export interface Sample {
  readonly suffix: "" | "_total" | "_bucket" | "_count" | "_sum" | "_info"
  readonly labels: Labels
  readonly value: number
}

/** All samples of one metric name (OpenMetrics 1.0 "MetricFamily"). */
export interface MetricFamily {
  readonly name: string
  readonly type: "counter" | "gauge" | "histogram" | "summary" | "info"
  readonly help: string
  readonly samples: ReadonlyArray<Sample>
}
