import { ServerConfig } from "@vigil/api/ServerConfig"
import { layerServerConfig } from "@vigil/api/ServerConfig"
import { Console, Effect, Option, Schema } from "effect"
import { database } from "../doctor/DatabaseCheck.js"
import { decoder, inference, models, sandbox } from "../doctor/EngineChecks.js"
import { type Finding, Finding as FindingSchema } from "../doctor/Finding.js"
import { mail } from "../doctor/MailCheck.js"
import { clock, dataFolder as checkFolder, ffmpeg, node, port, videoDevices } from "../doctor/MachineChecks.js"
import { dataFolder } from "../Installation.js"
import { answers } from "../operator/Server.js"
import { CommandFailed, printJson } from "../Output.js"

interface Options {
  readonly data: Option.Option<string>
  readonly json: boolean
}

const text = (findings: ReadonlyArray<Finding>): string => {
  const width = Math.max(...findings.map(({ check }) => check.length))
  return findings
    .flatMap(({ advice, check, detail, status }) => [
      `${status.padEnd(4)}  ${check.padEnd(width)}  ${detail}`,
      ...(advice === undefined ? [] : [`${" ".repeat(width + 8)}${advice}`])
    ])
    .join("\n")
}

export const doctor = (options: Options) =>
  Effect.gen(function* () {
    const folder = Option.isSome(options.data) ? options.data.value : yield* dataFolder
    const { host, mail: mailServer, port: number } = yield* Effect.provide(ServerConfig, layerServerConfig)
    const checks = [
      node,
      ffmpeg,
      clock,
      checkFolder(folder),
      Effect.flatMap(answers(folder), (isOurs) => port(host, number, isOurs)),
      database,
      mail(mailServer),
      decoder,
      inference,
      sandbox,
      models(folder),
      videoDevices
    ]
    const findings = yield* Effect.forEach(checks, (check) => check, { concurrency: 4 })
    yield* options.json ? printJson(Schema.Array(FindingSchema))(findings) : Console.log(text(findings))
    const failed = findings.filter(({ status }) => status === "fail").map(({ check }) => check)
    if (failed.length > 0) return yield* new CommandFailed({ detail: `something has to be mended: ${failed.join(", ")}` })
  })
