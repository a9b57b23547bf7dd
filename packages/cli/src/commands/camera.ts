import { Command } from "@effect/cli"
import { configureCommands } from "./camera/configure.js"
import { historyCommands } from "./camera/history.js"
import { lookCommands } from "./camera/look.js"
import { manyCommands } from "./camera/many.js"
import { tokenCommand } from "./camera/token.js"
import { workerCommands } from "./camera/worker.js"

export const cameraCommand = Command.make("camera").pipe(
  Command.withDescription("The cameras of the running Vigil."),
  Command.withSubcommands([
    ...lookCommands,
    ...configureCommands,
    ...manyCommands,
    ...historyCommands,
    tokenCommand,
    ...workerCommands
  ])
)
