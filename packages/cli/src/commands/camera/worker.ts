import { Args, Command, Options } from "@effect/cli"
import { CameraWithRuntime } from "@vigil/core/CameraWithRuntime"
import { MadeWorkerToken, WorkerToken, WorkerTokenId } from "@vigil/core/WorkerToken"
import { Console, Effect, Option, Schema } from "effect"
import { described } from "../../Help.js"
import { cameraNamed } from "../../camera/CameraReference.js"
import { runtimeHeadings, runtimeRows } from "../../camera/RuntimeText.js"
import * as Server from "../../operator/Server.js"
import { overHttp, overRpc } from "../../operator/Server.js"
import { serverOptions } from "../../operator/ServerAccess.js"
import { decodeTyped, json, printJson, table } from "../../Output.js"
import { word } from "../../SourceArgument.js"

const runtime = Command.make("runtime", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const cameras = yield* overRpc((rpc) => rpc.ListCameraRuntimes())
    if (options.json) return yield* printJson(Schema.Array(CameraWithRuntime))(cameras)
    const rows = cameras.flatMap((camera) => runtimeRows(camera, Date.now()))
    yield* Console.log(table(runtimeHeadings, rows))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "The cameras' workers: on which node, how well, when last heard of, errors in a row, whether a person is needed.",
      "vigil camera runtime --json"
    )
  )
)

const make = Command.make(
  "make",
  {
    name: Args.text({ name: "name" }).pipe(Args.withDescription("Which worker or fleet of workers gets it.")),
    camera: Options.text("camera").pipe(
      Options.optional,
      Options.withDescription("The one camera that it is for, by name or id; all cameras by default.")
    ),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const camera = yield* Effect.transposeMapOption(options.camera, cameraNamed)
      const cameraId = Option.match(camera, { onNone: () => ({}), onSome: ({ id }) => ({ cameraId: id }) })
      const made = yield* overHttp((http) => http.workerTokens.create({ payload: { name: options.name, ...cameraId } }))
      if (options.json) return yield* printJson(MadeWorkerToken)(made)
      yield* Console.error(`The worker token ${made.name} (${made.id}). It is not told again.`)
      yield* Console.log(made.token)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Make a token with which an external worker reports how it is, or `vigil worker` looks with the tenant's own models.",
      'vigil camera worker-token make "face pipeline" --camera Yard'
    )
  )
)

const list = Command.make("list", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const tokens = yield* overHttp((http) => http.workerTokens.list())
    if (options.json) return yield* printJson(Schema.Array(WorkerToken))(tokens)
    const rows = tokens.map(({ cameraId, createdAt, id, name }) => [
      name,
      id,
      cameraId ?? "all",
      new Date(createdAt.epochMillis).toISOString()
    ])
    yield* Console.log(table(["NAME", "ID", "CAMERA", "MADE"], rows))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("The worker tokens there are.", "vigil camera worker-token list --json")))

const revoke = Command.make(
  "revoke",
  { id: word("id", "The token's id, as `list` tells it."), ...serverOptions, json },
  (options) =>
    Effect.gen(function* () {
      const id = yield* decodeTyped(WorkerTokenId, "the id")(options.id)
      yield* overHttp((http) => http.workerTokens.remove({ path: { id } }))
      yield* options.json ? Console.log("{}") : Console.error("The token is worth nothing any more.")
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Take a worker token back.", "vigil camera worker-token revoke 3f2a8c11-0f5e-4f0c-9a51-7d1f7b1d2c33")
  )
)

const workerToken = Command.make("worker-token").pipe(
  Command.withDescription("Tokens of external workers, which report by HTTP how they are."),
  Command.withSubcommands([make, list, revoke])
)

/** Commands about the cameras' workers. */
export const workerCommands = [runtime, workerToken] as const
