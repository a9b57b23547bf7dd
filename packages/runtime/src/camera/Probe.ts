import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { MediaTrack } from "@vigil/core/MediaTrack"
import type { ProbeReport } from "@vigil/core/Probe"
import type { SourceConfig, SourceStatistics } from "@vigil/core/Source"
import { displayUrl } from "@vigil/core/SourceUrl"
import type { MediaTime, WallClockOrigin } from "@vigil/core/Time"
import { Effect } from "effect"
import { now } from "../MonotonicClock.js"
import { Sources } from "../source/Sources.js"

/** What is remembered of the access units that went by. */
interface Seen {
  firstKeyframe: number | undefined
  readonly keyframes: Array<MediaTime>
  origin: WallClockOrigin | undefined
  clockOffset: number | undefined
}

/** Key frames that are remembered; enough for half a minute of a stream of nothing else. */
const mostKeyframes = 2000

const watch =
  (seen: Seen, began: number) =>
  (unit: AccessUnit): void => {
    if (unit.kind !== "video") return
    seen.origin = unit.wallClockOrigin
    if (unit.wallClockOrigin === "sender-report") seen.clockOffset = unit.wallTime - (performance.timeOrigin + performance.now())
    if (!unit.keyframe) return
    seen.firstKeyframe ??= unit.received - began
    if (seen.keyframes.length < mostKeyframes) seen.keyframes.push(unit.mediaTime)
  }

const keyframeInterval = (times: ReadonlyArray<MediaTime>): number | undefined => {
  const first = times[0]
  const last = times.at(-1)
  return first === undefined || last === undefined || times.length < 2
    ? undefined
    : (last - first) / (times.length - 1) / 1_000_000
}

const warningsOf = (tracks: ReadonlyArray<MediaTrack>, statistics: SourceStatistics, seen: Seen): ReadonlyArray<string> => {
  const video = tracks.find((track) => track.kind === "video")
  const interval = keyframeInterval(seen.keyframes)
  const lost = statistics.packetsLost / Math.max(1, statistics.packets + statistics.packetsLost)
  return [
    ...(video === undefined ? ["There is no video in this stream."] : []),
    ...(video !== undefined && seen.firstKeyframe === undefined
      ? ["No key frame came: watch longer, or shorten the camera's key frame interval."]
      : []),
    ...(video?.codec === "h265" ? ["Browsers do not play H.265 over WebRTC: use an H.264 stream for live view."] : []),
    ...(interval !== undefined && interval > 4
      ? [`Key frames come every ${interval.toFixed(1)} s: 1 to 2 s start live views and recordings faster.`]
      : []),
    ...(lost > 0.005 ? [`${(lost * 100).toFixed(1)} % of the packets were lost: use TCP, or look at the network.`] : []),
    ...(seen.origin === "receive"
      ? ["The camera sends no RTCP sender reports: its pictures are dated by when they arrive."]
      : []),
    ...(seen.clockOffset !== undefined && Math.abs(seen.clockOffset) > 1000
      ? [`The camera's clock is ${(seen.clockOffset / 1000).toFixed(1)} s off: let it use NTP.`]
      : [])
  ]
}

/** Opens a source, watches it for `seconds` (or to its end), and tells what it is like. */
export const probe = (config: SourceConfig, seconds: number) =>
  Effect.gen(function* () {
    const sources = yield* Sources
    const began = now()
    const seen: Seen = { firstKeyframe: undefined, keyframes: [], origin: undefined, clockOffset: undefined }
    const open = yield* sources.open(config, watch(seen, began))
    const openedAfter = now() - began
    yield* open.ended.pipe(Effect.timeoutOption(`${seconds} seconds`))
    const { description } = open
    const statistics = open.statistics()
    const interval = keyframeInterval(seen.keyframes)
    const report: ProbeReport = {
      url: displayUrl(config.url),
      description,
      statistics,
      watched: (now() - began - openedAfter) / 1000,
      openedAfter,
      ...(seen.firstKeyframe === undefined ? {} : { firstKeyframeAfter: seen.firstKeyframe }),
      ...(interval === undefined ? {} : { keyframeInterval: interval }),
      ...(seen.origin === undefined ? {} : { wallClockOrigin: seen.origin }),
      ...(seen.clockOffset === undefined ? {} : { clockOffset: seen.clockOffset }),
      warnings: warningsOf(description.tracks, statistics, seen)
    }
    return report
  }).pipe(Effect.scoped)
