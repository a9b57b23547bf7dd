import type { EdgeOverview } from "@vigil/core/Edge"
import { EdgeBacklog } from "@vigil/core/Edge"
import { DateTime, Schema } from "effect"

/** A line of `vigil edge --json`. */
export const EdgeLine = Schema.Struct({
  at: Schema.DateTimeUtc,
  link: Schema.Literal("connecting", "connected", "cut-off"),
  /** Why it is cut off, for people. */
  detail: Schema.optional(Schema.String),
  reason: Schema.optional(Schema.String),
  /** Milliseconds until the next attempt. */
  retryAfter: Schema.optional(Schema.Int),
  cameras: Schema.Struct({ running: Schema.Int, streaming: Schema.Int }),
  backlog: EdgeBacklog
})
export type EdgeLine = typeof EdgeLine.Type

const ageText = (seconds: number): string =>
  seconds < 120
    ? `${Math.round(seconds)} s`
    : seconds < 7200
      ? `${Math.round(seconds / 60)} min`
      : `${Math.round(seconds / 3600)} h`

const waiting = ({ events, oldest }: EdgeBacklog, now: number): string =>
  oldest === null || events === 0
    ? "nothing waits"
    : `${events} events wait, the oldest for ${ageText(Math.max(0, (now - oldest.epochMillis) / 1000))}`

const linkText = ({ detail, link, retryAfter }: EdgeLine): string => {
  if (link !== "cut-off") return link
  return `cut off (${detail ?? "unknown"}); again in ${((retryAfter ?? 0) / 1000).toFixed(1)} s`
}

/** One line of the edge's output. */
export const edgeText = (line: EdgeLine): string => {
  const { at, backlog, cameras } = line
  return `${DateTime.formatIso(at)} ${linkText(line)}; ${cameras.streaming} of ${cameras.running} cameras stream; ${waiting(backlog, at.epochMillis)}, ${backlog.delivered} delivered`
}

export const edgeHeadings = ["NAME", "ID", "LINK", "CAMERAS", "WAITING", "LAST SEEN", "VERSION"]

export const edgeRow = (edge: EdgeOverview): ReadonlyArray<string> => [
  edge.name,
  edge.id,
  edge.connected ? "connected" : edge.lastSeen === null ? "never" : "away",
  String(edge.cameras),
  edge.backlog === undefined ? "?" : String(edge.backlog.events),
  edge.lastSeen === null ? "-" : DateTime.formatIso(edge.lastSeen),
  edge.version ?? "-"
]
