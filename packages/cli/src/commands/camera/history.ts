import { Args, Command, Options } from "@effect/cli"
import { Camera } from "@vigil/core/Camera"
import { Console, Effect } from "effect"
import { cameraArgument, cameraNamed, listCameras } from "../../camera/CameraReference.js"
import * as Server from "../../operator/Server.js"
import { overRpc } from "../../operator/Server.js"
import { serverOptions } from "../../operator/ServerAccess.js"
import { diffOption, printHistory } from "../../HistoryText.js"
import { json, printJson } from "../../Output.js"

/** A camera that was removed is known by its id alone. */
const idOf = (given: string) =>
  Effect.gen(function* () {
    const removed = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(given)
    const known = removed && !(yield* listCameras).some(({ id }) => id === given)
    return known ? given : (yield* cameraNamed(given)).id
  })

const history = Command.make(
  "history",
  {
    camera: cameraArgument,
    diff: diffOption,
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      yield* printHistory({ type: "camera", id: yield* idOf(options.camera) }, options)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription("Who changed a camera, when and in what, newest first; by its id also after it was removed."))

const rollback = Command.make(
  "rollback",
  {
    camera: cameraArgument,
    revision: Args.integer({ name: "revision" }).pipe(Args.withDescription("A number from `vigil camera history`.")),
    noCredentials: Options.boolean("no-credentials").pipe(
      Options.withDescription("Forget the camera's user and password: for a revision whose address is of another host.")
    ),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const { id, revision: expectedRevision } = yield* cameraNamed(options.camera)
      const credentials = options.noCredentials ? { credentials: null } : {}
      const call = { id, revision: options.revision, expectedRevision, ...credentials }
      const camera = yield* overRpc((rpc) => rpc.RollBackCamera(call))
      yield* options.json
        ? printJson(Camera)(camera)
        : Console.log(`${camera.name} is as it was at revision ${options.revision}; this is its revision ${camera.revision}.`)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    "Give a camera the configuration that it had at a revision, as a new revision. Its password stays as it is."
  )
)

/** Commands that look back, and go back. */
export const historyCommands = [history, rollback] as const
