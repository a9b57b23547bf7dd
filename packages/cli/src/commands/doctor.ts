import { Command } from "@effect/cli"
import { described } from "../Help.js"
import { load } from "../Load.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { json } from "../Output.js"

export const doctorCommand = Command.make("doctor", { data: serverOptions.data, json }, (options) =>
  load(
    () => import("../programs/doctor.js"),
    ({ doctor }) => doctor(options)
  )
).pipe(
  Command.withDescription(
    described(
      "Check this machine, whether Vigil runs or not: programs, native modules, database, folders, port, clock, models, devices. It changes nothing.",
      "vigil doctor",
      "vigil doctor --json"
    )
  )
)
