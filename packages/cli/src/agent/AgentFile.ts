import { CameraId } from "@vigil/core/Ids"
import { RtspTransport, sourceConfig } from "@vigil/core/Source"
import { parseSourceUrl } from "@vigil/core/SourceUrl"
import { WhipError } from "@vigil/runtime/whip/WhipClient"
import type { AgentCamera } from "@vigil/runtime/whip/Agent"
import { Effect, Option, Redacted, Schema } from "effect"
import { dirname, resolve } from "node:path"
import { decodeTyped, readText, UsageError } from "../Output.js"
import { credentialsOf, trustOf } from "../SourceArgument.js"

/** One camera of an agent's configuration file; files are relative to its folder. */
const FileCamera = Schema.Struct({
  camera: CameraId,
  tokenFile: Schema.String,
  url: Schema.String,
  username: Schema.optional(Schema.String),
  passwordFile: Schema.optional(Schema.String),
  transport: Schema.optional(RtspTransport),
  fingerprint: Schema.optional(Schema.String),
  ca: Schema.optional(Schema.String),
  insecure: Schema.optional(Schema.Boolean)
})

const mostCameras = 256

/** What `vigil agent --config` reads. */
const AgentFile = Schema.Struct({
  server: Schema.String,
  serverCa: Schema.optional(Schema.String),
  cameras: Schema.NonEmptyArray(FileCamera).pipe(Schema.maxItems(mostCameras))
})

/** What an agent is to do, wherever that was said. */
export interface AgentPlan {
  readonly server: string
  readonly serverCa: string | undefined
  readonly cameras: ReadonlyArray<AgentCamera>
}

/** Reads the token for each attempt: whoever replaces the file need not restart the agent. */
export const tokenIn = (file: string): AgentCamera["token"] =>
  readText(file).pipe(
    Effect.mapError(({ detail }) => new WhipError({ reason: "unauthorized", detail })),
    Effect.map((text) => Redacted.make(text.trim()))
  )

/** An agent publishes what speaks RTSP. */
export const checkRtsp = (url: string): Effect.Effect<void, UsageError> =>
  /^rtsps?:/.test(url)
    ? Effect.void
    : new UsageError({ detail: `an agent publishes cameras that speak RTSP; ${url.split(":")[0]} is no address of one` })

const sourceOfFile = (entry: typeof FileCamera.Type, inFolder: (file: string) => string) =>
  Effect.gen(function* () {
    const { url, credentials: inUrl } = yield* parseSourceUrl(entry.url)
    yield* checkRtsp(url)
    const named = {
      insecure: entry.insecure ?? false,
      ca: Option.map(Option.fromNullable(entry.ca), inFolder),
      fingerprint: Option.fromNullable(entry.fingerprint),
      transport: Option.none(),
      username: Option.fromNullable(entry.username),
      passwordFile: Option.map(Option.fromNullable(entry.passwordFile), inFolder)
    }
    const credentials = (yield* credentialsOf(named)) ?? inUrl
    const tls = yield* trustOf(named)
    return sourceConfig(url, {
      transport: entry.transport ?? "auto",
      ...(tls === undefined ? {} : { tls }),
      ...(credentials === undefined ? {} : { credentials })
    })
  })

const twice = (cameras: ReadonlyArray<{ readonly camera: CameraId }>): CameraId | undefined =>
  cameras.find(({ camera }, index) => cameras.findIndex((other) => other.camera === camera) !== index)?.camera

/** The plan in a configuration file. */
export const readAgentFile = (file: string) =>
  Effect.gen(function* () {
    const text = yield* readText(file)
    const parsed = yield* Effect.try({
      try: (): unknown => JSON.parse(text),
      catch: (error) => new UsageError({ detail: `${file} is not JSON: ${String(error)}` })
    })
    const plan = yield* decodeTyped(AgentFile, file)(parsed)
    const again = twice(plan.cameras)
    if (again !== undefined) return yield* new UsageError({ detail: `${file} names the camera ${again} more than once` })
    const inFolder = (name: string) => resolve(dirname(file), name)
    const cameras = yield* Effect.forEach(plan.cameras, (entry) =>
      Effect.map(
        sourceOfFile(entry, inFolder),
        (source): AgentCamera => ({
          camera: entry.camera,
          source,
          token: tokenIn(inFolder(entry.tokenFile))
        })
      )
    )
    return {
      server: plan.server,
      serverCa: plan.serverCa === undefined ? undefined : inFolder(plan.serverCa),
      cameras
    } satisfies AgentPlan
  })
