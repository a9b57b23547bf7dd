import { Command } from "@effect/cli"
import { described } from "../Help.js"
import { load } from "../Load.js"
import { json } from "../Output.js"

export const upCommand = Command.make("up", { json }, (options) =>
  load(
    () => import("../programs/up.js"),
    ({ up }) => up(options)
  )
).pipe(
  Command.withDescription(
    described(
      "Run Vigil until Ctrl-C: one node with everything in it. Variables of the environment configure it; docs/configuration.md lists them.",
      "vigil up",
      "VIGIL_HOST=0.0.0.0 VIGIL_DATA=/var/lib/vigil vigil up"
    )
  )
)
