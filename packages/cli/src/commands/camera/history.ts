import { Args, Command, Options } from "@effect/cli"
import { Camera } from "@vigil/core/Camera"
import { ObjectDifference, ObjectHistory, type ObjectVersion } from "@vigil/core/ObjectHistory"
import { Console, DateTime, Effect, Option } from "effect"
import { cameraArgument, cameraNamed, listCameras } from "../../camera/CameraReference.js"
import * as Server from "../../operator/Server.js"
import { overRpc } from "../../operator/Server.js"
import { serverOptions } from "../../operator/ServerAccess.js"
import { json, printJson, table, UsageError } from "../../Output.js"

const row = ({ action, actor, at, changed, revision, values }: ObjectVersion): ReadonlyArray<string> => [
  String(revision),
  DateTime.formatIso(at),
  actor.username,
  action,
  values === null ? "" : changed.join(", ")
]

const text = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? "-"))

const pair = (range: string) => {
  const [, from, to] = /^(\d{1,9})\.\.(\d{1,9})$/.exec(range) ?? []
  return from === undefined || to === undefined
    ? new UsageError({ detail: "--diff takes two revisions, for example 3..5" })
    : Effect.succeed({ from: Number(from), to: Number(to) })
}

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
    diff: Options.text("diff").pipe(
      Options.withPseudoName("from..to"),
      Options.optional,
      Options.withDescription("What two revisions differ in.")
    ),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const object = { type: "camera", id: yield* idOf(options.camera) } as const
      if (Option.isSome(options.diff)) {
        const { from, to } = yield* pair(options.diff.value)
        const difference = yield* overRpc((rpc) => rpc.ObjectDifference({ ...object, from, to }))
        if (options.json) return yield* printJson(ObjectDifference)(difference)
        const rows = difference.fields.map(({ after, before, field }) => [field, text(before), text(after)])
        return yield* Console.log(table(["FIELD", String(from), String(to)], rows))
      }
      const found = yield* overRpc((rpc) => rpc.ObjectHistory(object))
      if (options.json) return yield* printJson(ObjectHistory)(found)
      yield* Console.log(table(["REVISION", "TIME", "WHO", "DID", "CHANGED"], found.versions.map(row)))
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
