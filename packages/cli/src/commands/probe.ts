import { Command, Options } from "@effect/cli"
import { ProbeReport } from "@vigil/core/Probe"
import { probe } from "@vigil/runtime/camera/Probe"
import { Console, Effect } from "effect"
import * as Media from "../Media.js"
import { json, printJson } from "../Output.js"
import { probeText } from "../ProbeText.js"
import { sourceOf, sourceOptions, word } from "../SourceArgument.js"

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
      yield* options.json ? printJson(ProbeReport)(report) : Console.log(probeText(report))
    }).pipe(Effect.provide(Media.layer))
).pipe(Command.withDescription("Open a camera or a file and tell what it sends."))
