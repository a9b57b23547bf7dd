import type { Camera } from "@vigil/core/Camera"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { useCameraStatuses } from "../client/ClientContext.js"
import { bitrate, milliseconds } from "../words/Units.js"

const sum = (statuses: ReadonlyArray<CameraStatus>, value: (status: CameraStatus) => number): number =>
  statuses.reduce((total, status) => total + value(status), 0)

const worst = (statuses: ReadonlyArray<CameraStatus>): number | undefined => {
  const known = statuses.flatMap(({ pipeline }) => (pipeline.latencyP95 === undefined ? [] : [pipeline.latencyP95]))
  return known.length === 0 ? undefined : Math.max(...known)
}

const Figure = ({
  label,
  value,
  tone = "text-ink"
}: {
  readonly label: string
  readonly value: string
  readonly tone?: string
}) => (
  <div className="flex items-baseline gap-1.5 whitespace-nowrap">
    <dd className={`tabular order-1 font-semibold ${tone}`}>{value}</dd>
    <dt className="order-2 text-[13px] text-muted">{label}</dt>
  </div>
)

/** The whole installation in one line. */
export const SystemSummary = ({ cameras }: { readonly cameras: ReadonlyArray<Camera> }) => {
  const all = useCameraStatuses()
  const statuses = cameras.flatMap(({ id }) => all.get(id) ?? [])
  const live = statuses.filter(({ state }) => state._tag === "Streaming")
  const wanted = cameras.filter(({ enabled }) => enabled).length
  // Nothing is missing as long as not every camera was reported of.
  const isKnown = cameras.every(({ enabled, id }) => !enabled || all.has(id))
  const tone = live.length === wanted ? "text-good" : isKnown ? "text-warn" : "text-muted"
  const slowest = worst(live)
  return (
    <dl className="flex flex-wrap gap-x-5 gap-y-1" data-testid="summary">
      <Figure label={`of ${wanted} live`} value={String(live.length)} tone={tone} />
      <Figure label="fps" value={sum(live, ({ source }) => source.framesPerSecond).toFixed(0)} />
      <Figure label="in" value={bitrate(sum(live, ({ source }) => source.bitrate))} />
      {slowest !== undefined && <Figure label="to detection (p95)" value={milliseconds(slowest)} />}
    </dl>
  )
}
