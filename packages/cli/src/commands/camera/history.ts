import { Command, Options } from "@effect/cli"
import { Effect, Option } from "effect"
import { described } from "../../Help.js"
import { cameraArgument } from "../../camera/CameraReference.js"
import * as Server from "../../operator/Server.js"
import { serverOptions } from "../../operator/ServerAccess.js"
import { diffOption, printHistory } from "../../history/HistoryText.js"
import { objectNamed } from "../../history/ObjectReference.js"
import { dryRunOption, revisionArgument, rollBackObject } from "../../history/RollbackText.js"
import { json, UsageError } from "../../Output.js"
import { credentialOptions, credentialsOf } from "../../SourceArgument.js"

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
).pipe(
  Command.withDescription(
    described(
      "Who changed a camera, when and in what, newest first; by its id also after it was removed.",
      "vigil camera history Entrance",
      "vigil camera history Entrance --diff 3..5"
    )
  )
)

const rollback = Command.make(
  "rollback",
  {
    camera: cameraArgument,
    revision: revisionArgument,
    noCredentials: Options.boolean("no-credentials").pipe(
      Options.withDescription("Forget the camera's user and password: for a revision whose address is of another host.")
    ),
    ...credentialOptions,
    dryRun: dryRunOption,
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      if (options.noCredentials && Option.isSome(options.username))
        return yield* new UsageError({ detail: "take one of --username and --no-credentials" })
      const credentials = options.noCredentials ? null : yield* credentialsOf(options)
      const camera = yield* objectNamed("camera", options.camera)
      yield* rollBackObject(camera, { ...options, ...(credentials === undefined ? {} : { credentials }) })
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Give a camera the configuration that it had at a revision, as a new revision; by its id also after it was removed. Its password stays as it is.",
      "vigil camera rollback Entrance 3"
    )
  )
)

/** Commands that look back, and go back. */
export const historyCommands = [history, rollback] as const
