import { Command, Options } from "@effect/cli"
import { described } from "../Help.js"
import { load } from "../Load.js"
import { json } from "../Output.js"
import { sourceOptions, word } from "../SourceArgument.js"

export const probeCommand = Command.make(
  "probe",
  {
    source: word("source", "rtsp://, rtsps://, http:// (motion JPEG), a file or /dev/videoN."),
    seconds: Options.float("seconds").pipe(Options.withDefault(3), Options.withDescription("How long to watch.")),
    ...sourceOptions,
    json
  },
  (options) =>
    load(
      () => import("../programs/probe.js"),
      ({ probe }) => probe(options)
    )
).pipe(
  Command.withDescription(
    described(
      "Open a camera or a file, watch it for some seconds, and tell what it sends: codecs, sizes, rates, losses, its clock.",
      "vigil probe rtsp://192.0.2.7/stream1 --username admin --password-file ./password",
      "vigil probe film.mp4 --json"
    )
  )
)
