import type { MediaTrack } from "@vigil/core/MediaTrack"
import type { ProbeReport } from "@vigil/core/Probe"

const describeTrack = (track: MediaTrack): string => {
  if (track.kind === "audio")
    return `audio  ${track.codec}, ${track.sampleRate} Hz, ${track.channels} channel${track.channels === 1 ? "" : "s"}`
  const size = track.width === undefined ? "size unknown" : `${track.width}x${track.height}`
  const rate = track.framesPerSecond === undefined ? "" : `, ${track.framesPerSecond.toFixed(1)} frames/s`
  return `video  ${track.codec}${track.profile === undefined ? "" : ` ${track.profile}`}, ${size}${rate}`
}

/** What a probe found, for people. */
export const probeText = (report: ProbeReport): string => {
  const { statistics } = report
  const rates = `${(statistics.bitrate / 1000).toFixed(0)} kbit/s, ${statistics.framesPerSecond.toFixed(1)} frames/s`
  const network = `${statistics.packetsLost} of ${statistics.packets + statistics.packetsLost} packets lost, jitter ${statistics.jitter.toFixed(1)} ms`
  const first =
    report.firstKeyframeAfter === undefined
      ? "no key frame yet"
      : `first key frame after ${report.firstKeyframeAfter.toFixed(0)} ms`
  return [
    `${report.url}  ${report.description.protocol}${report.description.server === undefined ? "" : `, ${report.description.server}`}`,
    ...report.description.tracks.map((track) => `  ${describeTrack(track)}`),
    `  open after ${report.openedAfter.toFixed(0)} ms, ${first}`,
    `  ${rates} over ${report.watched.toFixed(1)} s; ${network}`,
    ...(report.clockOffset === undefined
      ? []
      : [`  camera clock ${report.clockOffset >= 0 ? "+" : ""}${report.clockOffset.toFixed(0)} ms`]),
    ...report.warnings.map((warning) => `  ! ${warning}`)
  ].join("\n")
}
