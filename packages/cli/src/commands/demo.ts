import { Command } from "@effect/cli"
import { described } from "../Help.js"
import { load } from "../Load.js"
import { json } from "../Output.js"
import { durationOption } from "../TimeText.js"

const limit = durationOption("for", "End after so long, for example 60s or 5m, with a summary.")

export const demoCommand = Command.make("demo", { limit, json }, (options) =>
  load(
    () => import("../programs/demo.js"),
    ({ demo }) => demo(options)
  )
).pipe(
  Command.withDescription(
    described(
      "Simulated cameras and everything else in one go, until Ctrl-C; its data is in the folder demo of the data folder.",
      "vigil demo",
      "vigil demo --for 60s --json"
    )
  )
)
