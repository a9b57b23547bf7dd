import { ProbeReport } from "@vigil/core/Probe"
import { probe as look } from "@vigil/runtime/camera/Probe"
import { Console, Effect } from "effect"
import * as Media from "../Media.js"
import { printJson } from "../Output.js"
import { probeText } from "../ProbeText.js"
import { sourceOf, type SourceOptions } from "../SourceArgument.js"

interface ProbeOptions extends SourceOptions {
  readonly source: string
  readonly seconds: number
  readonly json: boolean
}

export const probe = (options: ProbeOptions) =>
  Effect.gen(function* () {
    const config = yield* sourceOf(options.source, options)
    const report = yield* look(config, options.seconds)
    yield* options.json ? printJson(ProbeReport)(report) : Console.log(probeText(report))
  }).pipe(Effect.provide(Media.layer))
