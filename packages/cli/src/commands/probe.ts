import { Command, Options } from "@effect/cli"
import type { MediaTrack } from "@vigil/core/MediaTrack"
import { ProbeReport } from "@vigil/core/Probe"
import { probe } from "@vigil/runtime/camera/Probe"
import { Console, Effect } from "effect"
import * as Media from "../Media.js"
import { json, printJson } from "../Output.js"
import { sourceOf, sourceOptions, word } from "../SourceArgument.js"

const describeTrack = (track: MediaTrack): string => {
  if (track.kind === "audio")
    return `audio  ${track.codec}, ${track.sampleRate} Hz, ${track.channels} channel${track.channels === 1 ? "" : "s"}`
  const size = track.width === undefined ? "size unknown" : `${track.width}x${track.height}`
  const rate = track.framesPerSecond === undefined ? "" : `, ${track.framesPerSecond.toFixed(1)} frames/s`
  return `video  ${track.codec}${track.profile === undefined ? "" : ` ${track.profile}`}, ${size}${rate}`
}

const text = (report: ProbeReport): string => {
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

export const probeCommand = Command.make(
  "probe",
  {
    source: word("source", "rtsp://, rtsps://, http:// (motion JPEG), a file or /dev/videoN."),
    seconds: Options.float("seconds").pipe(Options.withDefault(3), Options.withDescription("How long to watch.")),
    ...sourceOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const config = yield* sourceOf(options.source, options)
      const report = yield* probe(config, options.seconds)
      yield* options.json ? printJson(ProbeReport)(report) : Console.log(text(report))
    }).pipe(Effect.provide(Media.layer))
).pipe(Command.withDescription("Open a camera or a file and tell what it sends."))
