import { CliConfig, Command, ValidationError } from "@effect/cli"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Cause, ConfigError, Console, Effect, Exit, Layer, Option } from "effect"
import { bashCompletions } from "./BashCompletions.js"
import { agentCommand } from "./commands/agent.js"
import { analyzeCommand } from "./commands/analyze.js"
import { apiKeyCommand } from "./commands/apiKey.js"
import { auditCommand } from "./commands/audit.js"
import { cameraCommand } from "./commands/camera.js"
import { clusterCommand } from "./commands/cluster.js"
import { demoCommand } from "./commands/demo.js"
import { discoverCommand } from "./commands/discover.js"
import { doctorCommand } from "./commands/doctor.js"
import { edgeCommand } from "./commands/edge.js"
import { eventCommand } from "./commands/event.js"
import { identityProviderCommand } from "./commands/identityProvider.js"
import { jobsCommand } from "./commands/jobs.js"
import { keysCommand } from "./commands/keys.js"
import { loginCommand, logoutCommand, profileCommand, whoamiCommand } from "./commands/login.js"
import { modelCommand, modelsCommand } from "./commands/models.js"
import { nodeCommand } from "./commands/node.js"
import { passwordPolicyCommand } from "./commands/passwordPolicy.js"
import { privacyCommand } from "./commands/privacy.js"
import { probeCommand } from "./commands/probe.js"
import { secondFactorCommand } from "./commands/secondFactor.js"
import { sessionCommand } from "./commands/session.js"
import { simCommand } from "./commands/sim.js"
import { statusCommand } from "./commands/status.js"
import { placeCommand } from "./commands/place.js"
import { settingsCommand } from "./commands/settings.js"
import { tenantCommand } from "./commands/tenant.js"
import { upCommand } from "./commands/up.js"
import { userCommand } from "./commands/user.js"
import { accountCommand } from "./commands/user/account.js"
import { workerCommand } from "./commands/worker.js"
import { commandTree, described, helpAskedFor, unknownCommand } from "./Help.js"
import { Cancelled, UsageError } from "./Output.js"
import { withPlainConsole } from "./PlainConsole.js"
import { version } from "./Version.js"

/** Every command of `vigil`: a new one is one file and one line here. */
const commands = [
  demoCommand,
  upCommand,
  nodeCommand,
  edgeCommand,
  workerCommand,
  jobsCommand,
  statusCommand,
  clusterCommand,
  cameraCommand,
  eventCommand,
  loginCommand,
  logoutCommand,
  whoamiCommand,
  profileCommand,
  userCommand,
  accountCommand,
  passwordPolicyCommand,
  identityProviderCommand,
  sessionCommand,
  secondFactorCommand,
  apiKeyCommand,
  placeCommand,
  discoverCommand,
  settingsCommand,
  tenantCommand,
  auditCommand,
  keysCommand,
  privacyCommand,
  modelsCommand,
  modelCommand,
  probeCommand,
  analyzeCommand,
  agentCommand,
  simCommand,
  doctorCommand
] as const

const vigil = Command.make("vigil").pipe(
  Command.withDescription(
    described(
      "Vigil turns cameras into answers: video management and video analytics in one program.",
      "vigil demo",
      "vigil up",
      'vigil camera add "Front door" rtsp://192.0.2.7/stream1 --username admin --password-file ./password',
      "vigil event watch --type INTRUSION --json"
    )
  ),
  Command.withSubcommands(commands)
)

const run = Command.run(vigil, { name: "Vigil", version, executable: "vigil" })

const tree = commandTree(vigil.descriptor, commands)

const command = (words: ReadonlyArray<string>, columns: number) =>
  Effect.suspend(() => {
    if (words[0] === "--version") return Console.log(version)
    if (words[0] === "--completions" && words[1] === "bash") return Effect.flatMap(bashCompletions(vigil, "vigil"), Console.log)
    const page = helpAskedFor(tree, words, columns)
    if (Option.isSome(page)) return Console.log(page.value)
    const mistake = unknownCommand(tree, words)
    return Option.isSome(mistake) ? new UsageError({ detail: mistake.value }) : run(["node", "vigil", ...words])
  })

/** Variables of the environment that have a wrong value or are missing, one sentence each. */
const configurationProblem = (error: ConfigError.ConfigError): string => {
  if (error._op === "And") return `${configurationProblem(error.left)}; ${configurationProblem(error.right)}`
  if (error._op === "Or") return configurationProblem(error.left)
  return `${error.path.join("_")}: ${error.message}`
}

/** 0 done, 1 failed, 2 called wrongly. Ctrl-C and SIGTERM are the proper end of what runs until then: 0; what had an end of its own and was cancelled is 130. */
export const exitCode = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return 0
  const error = Cause.squash(exit.cause)
  if (error instanceof Cancelled) return 130
  const isWrongCall = ValidationError.isValidationError(error) || ConfigError.isConfigError(error) || error instanceof UsageError
  return isWrongCall ? 2 : 1
}

/** Errors are for people: one sentence, without stack traces, except for defects. Wrong calls were told by the parser. */
const explain = (cause: Cause.Cause<unknown>) => {
  const error = Cause.squash(cause)
  if (Cause.isInterruptedOnly(cause) || ValidationError.isValidationError(error)) return Effect.void
  if (ConfigError.isConfigError(error)) return Console.error(`vigil: ${configurationProblem(error)}`)
  const known = !Cause.isDie(cause) && error instanceof Error
  return Console.error(known ? `vigil: ${error.message}` : Cause.pretty(cause))
}

/** What it is printed on. */
export interface Terminal {
  readonly columns: number
  readonly noColor: boolean
}

/** A call of `vigil` with these words. It prints on the Console, why it failed included, and reads variables by the ConfigProvider. */
export const commandLine = (words: ReadonlyArray<string>, { columns, noColor }: Terminal) =>
  command(words, columns).pipe(
    Effect.tapErrorCause(explain),
    withPlainConsole(noColor),
    Effect.provide(Layer.merge(NodeContext.layer, CliConfig.layer({ showBuiltIns: false })))
  )
