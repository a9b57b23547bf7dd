import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { commandLine, exitCode } from "./CommandLine.js"

const program = commandLine(process.argv.slice(2), {
  columns: process.stdout.columns || 100,
  noColor: (process.env["NO_COLOR"] ?? "") !== ""
})

// Whoever read it wants no more of it, as `head -1` of `vigil event watch`: that is as proper an end as Ctrl-C.
process.stdout.on("error", () => process.emit("SIGTERM"))
// swallowed: a server goes on when what keeps its log is started anew
process.stderr.on("error", () => {})

/** Milliseconds after which whatever still keeps the process alive is not waited for. */
const patience = 2000

NodeRuntime.runMain(program, {
  disableErrorReporting: true,
  disablePrettyLogger: true,
  teardown: (exit, onExit) => {
    const code = exitCode(exit)
    setTimeout(() => process.exit(code), patience).unref()
    onExit(code)
  }
})
