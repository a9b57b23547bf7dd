import { CliConfig, Command, HelpDoc, ValidationError } from "@effect/cli"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Cause, Console, Effect, Exit, Layer } from "effect"
import { analyzeCommand } from "./commands/analyze.js"
import { cameraCommand } from "./commands/camera.js"
import { demoCommand } from "./commands/demo.js"
import { modelCommand, modelsCommand } from "./commands/models.js"
import { probeCommand } from "./commands/probe.js"
import { simCommand } from "./commands/sim.js"
import { upCommand } from "./commands/up.js"
import { UsageError } from "./Output.js"

/** Every command of `vigil`: a new one is one file and one line here. */
const vigil = Command.make("vigil").pipe(
  Command.withDescription("Video management and video analytics: cameras in, answers out."),
  Command.withSubcommands([
    demoCommand,
    upCommand,
    cameraCommand,
    probeCommand,
    analyzeCommand,
    modelsCommand,
    modelCommand,
    simCommand
  ])
)

const run = Command.run(vigil, { name: "Vigil", version: "0.1.0", executable: "vigil" })

/** 0 done, 1 failed, 2 called wrongly. */
const exitCode = (cause: Cause.Cause<unknown>): number => {
  const error = Cause.squash(cause)
  return ValidationError.isValidationError(error) || error instanceof UsageError ? 2 : 1
}

/** Errors are for people: one sentence, without stack traces, except for defects. */
const explain = (cause: Cause.Cause<unknown>) => {
  const error = Cause.squash(cause)
  if (Cause.isInterruptedOnly(cause)) return Effect.void
  if (ValidationError.isValidationError(error)) return Console.error(HelpDoc.toAnsiText(error.error).trim())
  const known = !Cause.isDie(cause) && error instanceof Error
  return Console.error(known ? `vigil: ${error.message}` : Cause.pretty(cause))
}

const program = Effect.suspend(() => run(process.argv)).pipe(
  Effect.tapErrorCause(explain),
  Effect.provide(Layer.merge(NodeContext.layer, CliConfig.layer({ showBuiltIns: false })))
)

NodeRuntime.runMain(program, {
  disableErrorReporting: true,
  disablePrettyLogger: true,
  teardown: (exit, onExit) => onExit(Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause) ? exitCode(exit.cause) : 0)
})
