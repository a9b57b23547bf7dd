import { CameraControl } from "@vigil/core/port/CameraControl"
import { Deliverer } from "@vigil/runtime/edge/Deliverer"
import { EdgeLinkError } from "@vigil/runtime/edge/EdgeLink"
import { defaultEdgeLimits, type EdgeLinkState, runEdge } from "@vigil/runtime/edge/EdgeNode"
import { isPlain, isThisMachine, readOrigin } from "@vigil/runtime/whip/WhipServer"
import { Config, Console, DateTime, Effect, Option, Redacted, Ref } from "effect"
import * as Edge from "../Edge.js"
import { EdgeLine, edgeText } from "../edge/EdgeText.js"
import { readyDataFolder } from "../Installation.js"
import { printJson, readText, UsageError } from "../Output.js"
import * as Telemetry from "../Telemetry.js"
import { version } from "../Version.js"

export interface EdgeArguments {
  readonly center: Option.Option<string>
  readonly tokenFile: Option.Option<string>
  readonly centerCa: Option.Option<string>
  readonly allowHttp: boolean
  readonly json: boolean
}

const statusInterval = "30 seconds"

const tokenOf = (file: Option.Option<string>) =>
  Effect.gen(function* () {
    if (Option.isSome(file)) {
      const { value } = file
      yield* readText(value)
      return readText(value).pipe(
        Effect.mapError(({ detail }) => new EdgeLinkError({ reason: "unauthorized", detail })),
        Effect.map((text) => Redacted.make(text.trim()))
      )
    }
    const variable = yield* Config.option(Config.redacted("VIGIL_EDGE_TOKEN"))
    return Option.isSome(variable)
      ? Effect.succeed(variable.value)
      : yield* new UsageError({ detail: "take --token-file, or put the edge's token into VIGIL_EDGE_TOKEN" })
  })

const centreOf = (options: EdgeArguments) =>
  Effect.gen(function* () {
    const text = Option.getOrElse(options.center, () => "")
    const origin = /^https?:\/\/[^/?#@]+\/?$/i.test(text) ? readOrigin(text) : undefined
    if (origin === undefined) {
      return yield* new UsageError({ detail: "name the centre by its address alone: --center https://vigil.example" })
    }
    const ca = Option.isSome(options.centerCa) ? yield* readText(options.centerCa.value) : undefined
    const centre: Edge.Centre = { origin, ca, token: yield* tokenOf(options.tokenFile) }
    if (isPlain(centre) && !isThisMachine(centre) && !options.allowHttp) {
      return yield* new UsageError({
        detail: `token and cameras' passwords could be read on the way to ${origin}: take https, or --allow-http on a network that you trust`
      })
    }
    return centre
  })

const linkOf = (state: EdgeLinkState) => {
  switch (state._tag) {
    case "Connecting":
      return { link: "connecting" } as const
    case "Connected":
      return { link: "connected" } as const
    case "CutOff":
      return { link: "cut-off", reason: state.reason, detail: state.detail, retryAfter: state.after } as const
  }
}

const lineOf = (state: EdgeLinkState) =>
  Effect.gen(function* () {
    const statuses = yield* (yield* CameraControl).statuses
    const line: EdgeLine = {
      at: yield* DateTime.now,
      ...linkOf(state),
      cameras: {
        running: statuses.filter((status) => status.state._tag !== "Disabled").length,
        streaming: statuses.filter((status) => status.state._tag === "Streaming").length
      },
      backlog: yield* (yield* Deliverer).backlog
    }
    return line
  })

export const edge = (options: EdgeArguments) =>
  Effect.gen(function* () {
    const centre = yield* centreOf(options)
    const folder = yield* readyDataFolder
    const show = (line: EdgeLine) => (options.json ? printJson(EdgeLine)(line) : Console.log(edgeText(line)))
    const run = Effect.gen(function* () {
      const context = yield* Effect.context<CameraControl | Deliverer>()
      const current = yield* Ref.make<EdgeLinkState>({ _tag: "Connecting" })
      const tell = Effect.flatMap(Ref.get(current), lineOf).pipe(Effect.flatMap(show), Effect.provide(context))
      const onState = (state: EdgeLinkState) => Effect.zipRight(Ref.set(current, state), tell)
      yield* tell.pipe(Effect.delay(statusInterval), Effect.forever, Effect.fork)
      yield* runEdge({ version, limits: defaultEdgeLimits, onState })
    })
    yield* run.pipe(Effect.provide(Edge.layerLink(centre)), Effect.provide(Edge.layer(folder)), Effect.provide(Telemetry.layer))
  })
