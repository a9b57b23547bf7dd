import { Command, Options } from "@effect/cli"
import { described } from "../Help.js"
import { load } from "../Load.js"
import { json } from "../Output.js"
import { sourceOptions, word } from "../SourceArgument.js"

export const analyticsByDefault = ["motion", "tamper", "intrusion"]

export const analyzeCommand = Command.make(
  "analyze",
  {
    source: word("source", "A file, or the URL of a camera."),
    model: Options.text("model").pipe(
      Options.optional,
      Options.withDescription("An ONNX file, or the id of an installed model; the first installed object detector by default.")
    ),
    analytics: Options.text("analytics").pipe(
      Options.optional,
      Options.withDescription(`Analytics to run, separated by commas; ${analyticsByDefault.join(",")} by default.`)
    ),
    fps: Options.float("fps").pipe(Options.withDefault(10), Options.withDescription("Frames a second to look at, at the most.")),
    seconds: Options.float("for").pipe(
      Options.optional,
      Options.withDescription("Seconds to watch a source that has no end (10 by default); files are read to their end.")
    ),
    ...sourceOptions,
    json
  },
  (options) =>
    load(
      () => import("../programs/analyze.js"),
      ({ analyze }) => analyze(options)
    )
).pipe(
  Command.withDescription(
    described(
      "Find objects and events in a file or a stream, without a server: a line for each detection, event and track, and a summary.",
      "vigil analyze film.mp4 --json",
      "vigil analyze rtsp://192.0.2.7/stream1 --model yolox-nano --for 30"
    )
  )
)
