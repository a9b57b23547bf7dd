import { concealed } from "@vigil/core/AddressSecrets"
import type { CameraId } from "@vigil/core/Ids"
import { type AgentCamera, defaultAgentLimits, runAgent } from "@vigil/runtime/whip/Agent"
import { AgentStatus } from "@vigil/runtime/whip/AgentStatus"
import { isPlain, isThisMachine, readOrigin, type WhipServer } from "@vigil/runtime/whip/WhipServer"
import { webRtcConfig } from "@vigil/runtime/webrtc/WebRtcOptions"
import { Config, Console, Effect, Option } from "effect"
import { type AgentPlan, checkRtsp, readAgentFile, tokenIn } from "../agent/AgentFile.js"
import { agentText } from "../agent/AgentText.js"
import * as Media from "../Media.js"
import { printJson, readText, UsageError } from "../Output.js"
import { sourceOf, type SourceOptions } from "../SourceArgument.js"

export interface AgentCommandOptions extends SourceOptions {
  readonly server: Option.Option<string>
  readonly camera: Option.Option<CameraId>
  readonly tokenFile: Option.Option<string>
  readonly serverCa: Option.Option<string>
  readonly config: Option.Option<string>
  readonly allowHttp: boolean
  readonly source: Option.Option<string>
  readonly json: boolean
}

const tokenOf = (file: Option.Option<string>) =>
  Effect.gen(function* () {
    if (Option.isSome(file)) return tokenIn(file.value)
    const variable = yield* Config.option(Config.redacted("VIGIL_PUBLISH_TOKEN"))
    return Option.isSome(variable)
      ? Effect.succeed(variable.value)
      : yield* new UsageError({ detail: "take --token-file, or put the camera's publish token into VIGIL_PUBLISH_TOKEN" })
  })

const namedPlan = (options: AgentCommandOptions) =>
  Effect.gen(function* () {
    const { camera, server, source } = options
    if (Option.isNone(server) || Option.isNone(camera) || Option.isNone(source)) {
      return yield* new UsageError({ detail: "name --server, --camera and the camera's RTSP address, or a file with --config" })
    }
    if (/^[a-z]+:\/\/[^/?#]*:[^/?#]*@/i.test(source.value)) {
      return yield* new UsageError({
        detail: "a password in the address can be read by every process of this machine: take --username and --password-file"
      })
    }
    if (concealed(source.value) !== source.value) {
      return yield* new UsageError({
        detail: "a secret in the address can be read by every process of this machine: put the address in a file for --config"
      })
    }
    const config = yield* sourceOf(source.value, options)
    yield* checkRtsp(config.url)
    const agentCamera: AgentCamera = { camera: camera.value, source: config, token: yield* tokenOf(options.tokenFile) }
    return {
      server: server.value,
      serverCa: Option.getOrUndefined(options.serverCa),
      cameras: [agentCamera]
    } satisfies AgentPlan
  })

const planOf = (options: AgentCommandOptions) => {
  const { camera, config, server, source } = options
  if (Option.isNone(config)) return namedPlan(options)
  return Option.isSome(camera) || Option.isSome(source) || Option.isSome(server)
    ? new UsageError({ detail: "with --config, server and cameras are in the file" })
    : readAgentFile(config.value)
}

const serverOf = ({ server: text, serverCa }: AgentPlan, allowHttp: boolean) =>
  Effect.gen(function* () {
    const origin = /^https?:\/\/[^/?#@]+\/?$/i.test(text) ? readOrigin(text) : undefined
    if (origin === undefined) {
      return yield* new UsageError({ detail: "the server is named by its address alone, for example https://vigil.example" })
    }
    const server: WhipServer = { origin, ca: serverCa === undefined ? undefined : yield* readText(serverCa) }
    if (isPlain(server) && !isThisMachine(server) && !allowHttp) {
      return yield* new UsageError({
        detail: `the publish token could be read on the way to ${origin}: take https, or --allow-http on a network that you trust`
      })
    }
    return server
  })

/** Loopback is offered to a server on this machine only. */
const webRtcFor = (server: WhipServer) =>
  Effect.map(webRtcConfig, (config) =>
    isThisMachine(server) ? config : { ...config, addresses: config.addresses.filter((address) => !address.startsWith("127.")) }
  )

export const agent = (options: AgentCommandOptions) =>
  Effect.gen(function* () {
    const plan = yield* planOf(options)
    const server = yield* serverOf(plan, options.allowHttp)
    const webRtc = yield* webRtcFor(server)
    const report = (status: AgentStatus) => (options.json ? printJson(AgentStatus)(status) : Console.log(agentText(status)))
    yield* Effect.forEach(plan.cameras, (camera) => runAgent(camera, { server, webRtc, limits: defaultAgentLimits, report }), {
      concurrency: "unbounded",
      discard: true
    }).pipe(Effect.provide(Media.layer))
  })
