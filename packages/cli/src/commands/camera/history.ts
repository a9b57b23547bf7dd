import { Command, Options } from "@effect/cli"
import { Effect } from "effect"
import { cameraArgument } from "../../camera/CameraReference.js"
import * as Server from "../../operator/Server.js"
import { serverOptions } from "../../operator/ServerAccess.js"
import { diffOption, printHistory } from "../../history/HistoryText.js"
import { objectNamed } from "../../history/ObjectReference.js"
import { dryRunOption, revisionArgument, rollBackObject } from "../../history/RollbackText.js"
import { json } from "../../Output.js"

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
      yield* printHistory(yield* objectNamed("camera", options.camera), options)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription("Who changed a camera, when and in what, newest first; by its id also after it was removed."))

const rollback = Command.make(
  "rollback",
  {
    camera: cameraArgument,
    revision: revisionArgument,
    noCredentials: Options.boolean("no-credentials").pipe(
      Options.withDescription("Forget the camera's user and password: for a revision whose address is of another host.")
    ),
    dryRun: dryRunOption,
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const camera = yield* objectNamed("camera", options.camera)
      yield* rollBackObject(camera, options.noCredentials ? { ...options, credentials: null } : options)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    "Give a camera the configuration that it had at a revision, as a new revision; by its id also after it was removed. Its password stays as it is."
  )
)

/** Commands that look back, and go back. */
export const historyCommands = [history, rollback] as const
