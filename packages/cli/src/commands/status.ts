import { Command } from "@effect/cli"
import type { CameraState } from "@vigil/core/CameraState"
import { ComponentHealth, HealthStatus } from "@vigil/core/port/Health"
import { Console, Effect, Schema } from "effect"
import { described } from "../Help.js"
import { listCameras } from "../camera/CameraReference.js"
import { reasonText, stateText } from "../camera/StatusText.js"
import * as Server from "../operator/Server.js"
import { overHttp, overRpc } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { json, printJson, table } from "../Output.js"

const Overview = Schema.Struct({
  url: Schema.String,
  version: Schema.optional(Schema.String),
  /** The worst of the components. */
  status: HealthStatus,
  components: Schema.Array(ComponentHealth),
  /** How many cameras are in each state. */
  cameras: Schema.Record({ key: Schema.String, value: Schema.Int }),
  /** Cameras that do not stream, and why. */
  troubles: Schema.Array(Schema.Struct({ name: Schema.String, state: Schema.String, reason: Schema.String }))
})

const worst = (components: ReadonlyArray<ComponentHealth>): HealthStatus =>
  (["fail", "warn"] as const).find((status) => components.some((component) => component.status === status)) ?? "pass"

const isTrouble = (state: CameraState): boolean => state._tag !== "Streaming" && state._tag !== "Disabled"

const look = Effect.gen(function* () {
  const { url, version } = yield* Server.Server
  const { cameras, components, statuses } = yield* Effect.all(
    {
      components: overRpc((rpc) => rpc.Health()),
      cameras: listCameras,
      statuses: overHttp((http) => http.cameras.statuses())
    },
    { concurrency: "unbounded" }
  )
  const states = new Map(statuses.map(({ cameraId, state }) => [cameraId, state]))
  const counts: Record<string, number> = {}
  for (const camera of cameras) {
    const state = states.get(camera.id)
    const text = state === undefined ? (camera.enabled ? "starting" : "disabled") : stateText(state)
    counts[text] = (counts[text] ?? 0) + 1
  }
  const troubles = cameras.flatMap(({ id, name }) => {
    const state = states.get(id)
    return state === undefined || !isTrouble(state)
      ? []
      : [{ name, state: stateText(state), reason: reasonText(state, Date.now()) }]
  })
  return {
    url,
    ...(version === undefined ? {} : { version }),
    status: worst(components),
    components,
    cameras: counts,
    troubles
  } satisfies typeof Overview.Type
})

const text = ({ cameras, components, status, troubles, url, version }: typeof Overview.Type): string => {
  const counts = Object.entries(cameras).map(([state, count]) => `${count} ${state}`)
  return [
    `Vigil${version === undefined ? "" : ` ${version}`} at ${url}: ${status}`,
    "",
    table(
      ["COMPONENT", "STATUS", "DETAIL"],
      components.map((each) => [each.component, each.status, each.detail ?? ""])
    ),
    "",
    `Cameras: ${counts.join(", ") || "none"}`,
    ...troubles.map(({ name, reason, state }) => `  ${name}: ${state}${reason === "" ? "" : `, ${reason}`}`)
  ].join("\n")
}

export const statusCommand = Command.make("status", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const overview = yield* look
    yield* options.json ? printJson(Overview)(overview) : Console.log(text(overview))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(described("How the running Vigil is: its parts, its cameras, its workers.", "vigil status --json"))
)
