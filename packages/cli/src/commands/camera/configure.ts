import { Args, Command, Options } from "@effect/cli"
import { lacksSecrets } from "@vigil/core/AddressSecrets"
import { Camera, type CameraPatch, NewCamera } from "@vigil/core/Camera"
import type { CameraId } from "@vigil/core/Ids"
import { ProbeReport } from "@vigil/core/Probe"
import { isPublished } from "@vigil/core/SourceUrl"
import { Console, Effect, Option, Schema } from "effect"
import { described } from "../../Help.js"
import { cameraOptions, patchOf } from "../../camera/CameraOptions.js"
import { cameraArgument, cameraNamed, findCamera, listCameras } from "../../camera/CameraReference.js"
import { edgeNamed, edgeOption } from "../../edge/EdgeReference.js"
import * as Server from "../../operator/Server.js"
import { overRpc } from "../../operator/Server.js"
import { serverOptions } from "../../operator/ServerAccess.js"
import { CommandFailed, decodeTyped, json, printJson, UsageError } from "../../Output.js"
import { probeText } from "../../ProbeText.js"
import { addressNamed, word } from "../../SourceArgument.js"

/** Seconds that a camera is watched before it is added. */
const probeSeconds = 3

const noProbe = Options.boolean("no-probe").pipe(
  Options.withDescription("Do not look whether the camera answers before it is saved.")
)

const AddedCamera = Schema.Struct({ ...Camera.fields, probe: Schema.optional(ProbeReport) })

/** With a `cameraId`, the server takes that camera's own credentials where none are given. */
const probed = (camera: NewCamera, cameraId?: CameraId) =>
  overRpc((rpc) => rpc.ProbeSource({ camera, seconds: probeSeconds, ...(cameraId === undefined ? {} : { cameraId }) })).pipe(
    Effect.mapError((error) =>
      "_tag" in error && error._tag === "SourceError"
        ? new CommandFailed({ detail: `${error.message} (--no-probe saves the camera all the same)` })
        : error
    )
  )

const defaultsOf = (name: string, url: string) => decodeTyped(NewCamera, "the camera")({ name, url })

/** What was noted of a camera, as far as something was. */
const notedOf = ({ description, location, metadata }: Pick<CameraPatch, "description" | "location" | "metadata">) => ({
  ...(description === undefined ? {} : { description }),
  ...(location === undefined ? {} : { location }),
  ...(metadata === undefined ? {} : { metadata })
})

/** The camera as it would be with the changes. */
const changed = (camera: NewCamera, patch: CameraPatch): NewCamera => {
  const credentials = patch.credentials ?? undefined
  return {
    name: patch.name ?? camera.name,
    url: patch.url ?? camera.url,
    ...(credentials === undefined ? {} : { credentials }),
    transport: patch.transport ?? camera.transport,
    tls: patch.tls ?? camera.tls,
    enabled: patch.enabled ?? camera.enabled,
    zones: patch.zones ?? camera.zones,
    masks: patch.masks ?? camera.masks ?? [],
    lines: patch.lines ?? camera.lines,
    segment: patch.segment ?? camera.segment,
    detection: patch.detection ?? camera.detection,
    analytics: patch.analytics ?? camera.analytics,
    ...notedOf(camera),
    ...notedOf(patch)
  }
}

const add = Command.make(
  "add",
  {
    name: word("name", "What people call the camera."),
    source: word(
      "source",
      "rtsp://, rtsps://, http:// (motion JPEG), a file of the server's, /dev/videoN, whip: (an agent publishes it), or - to read it from standard input."
    ),
    ...cameraOptions,
    edge: edgeOption,
    disabled: Options.boolean("disabled").pipe(Options.withDescription("Add it without starting it.")),
    noProbe,
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const defaults = yield* defaultsOf(options.name, yield* addressNamed(options.source))
      const patch = yield* patchOf(options, defaults)
      const edge = yield* edgeNamed(options.edge)
      const camera = { ...changed({ ...defaults, enabled: !options.disabled }, patch), ...edge }
      // What an edge reaches, this server need not.
      const report =
        options.noProbe || isPublished(camera.url) || (edge.edge ?? null) !== null ? undefined : yield* probed(camera)
      if (report !== undefined && !options.json) yield* Console.log(probeText(report))
      const added = yield* overRpc((rpc) => rpc.CreateCamera({ camera }))
      yield* options.json
        ? printJson(AddedCamera)({ ...added, ...(report === undefined ? {} : { probe: report }) })
        : Console.log(`${added.name} is added (${added.id}).`)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Add a camera: look at it first, and save it when it answers. The password is read from a file or typed, never an argument.",
      'vigil camera add "Front door" rtsp://192.0.2.7/stream1 --username admin --password-file ./password',
      "vigil camera add Yard rtsps://192.0.2.8/live --fps 10 --gate always --zones yard.json"
    )
  )
)

const editOptions = {
  name: Options.text("name").pipe(Options.optional, Options.withDescription("A new name.")),
  source: Options.text("source").pipe(
    Options.optional,
    Options.withDescription("Another URL or file, or - to read it from standard input.")
  ),
  ...cameraOptions,
  edge: edgeOption,
  secure: Options.boolean("secure").pipe(
    Options.withDescription("Check the camera's TLS certificate against the system's authorities again.")
  ),
  noCredentials: Options.boolean("no-credentials").pipe(Options.withDescription("Forget the camera's user and password.")),
  noMasks: Options.boolean("no-masks").pipe(Options.withDescription("Take all privacy masks away: everything is seen again.")),
  noProbe
}

/** Whether the camera may not answer any more after the change. */
const concernsSource = ({ credentials, tls, transport, url }: CameraPatch): boolean =>
  [credentials, tls, transport, url].some((part) => part !== undefined)

const probedEdit = (before: Camera, patch: CameraPatch) =>
  probed(changed(before, patch), patch.credentials === null && !lacksSecrets(patch.url ?? before.url) ? undefined : before.id)

const edit = Command.make("edit", { camera: cameraArgument, ...editOptions, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    if (options.noCredentials && Option.isSome(options.username))
      return yield* new UsageError({ detail: "take one of --username and --no-credentials" })
    if (options.noMasks && Option.isSome(options.masks))
      return yield* new UsageError({ detail: "take one of --masks and --no-masks" })
    const before = yield* cameraNamed(options.camera)
    const patch: CameraPatch = {
      ...(yield* patchOf(options, before)),
      ...Option.match(options.name, { onNone: () => ({}), onSome: (name) => ({ name }) }),
      ...(Option.isSome(options.source) ? { url: yield* addressNamed(options.source.value) } : {}),
      ...(options.secure ? { tls: { mode: "system" as const } } : {}),
      ...(options.noCredentials ? { credentials: null } : {}),
      ...(options.noMasks ? { masks: [] } : {}),
      ...(yield* edgeNamed(options.edge))
    }
    if (Object.keys(patch).length === 0)
      return yield* new UsageError({ detail: "say what to change: `vigil camera edit --help` tells the options" })
    const edge = patch.edge === undefined ? before.edge : patch.edge
    const waits = isPublished(patch.url ?? before.url) || edge !== null
    const report = options.noProbe || waits || !concernsSource(patch) ? undefined : yield* probedEdit(before, patch)
    if (report !== undefined && !options.json) yield* Console.log(probeText(report))
    const after = yield* overRpc((rpc) => rpc.ConfigureCamera({ id: before.id, patch, expectedRevision: before.revision }))
    yield* options.json ? printJson(Camera)(after) : Console.log(`${after.name} is changed.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Change a camera; what is not named stays as it is.",
      "vigil camera edit front --detector yolox-nano --name Entrance",
      "vigil camera edit 3f2a --source rtsp://192.0.2.9/stream1 --no-probe"
    )
  )
)

/** A command that does one thing to one or several cameras. */
const forEachCamera = <A, I>(
  name: string,
  [description, example]: readonly [string, string],
  answer: Schema.Schema<A, I>,
  act: (camera: Camera) => Effect.Effect<readonly [A, string], Error, Server.Server>
) =>
  Command.make(name, { cameras: Args.atLeast(cameraArgument, 1), ...serverOptions, json }, (options) =>
    Effect.gen(function* () {
      const all = yield* listCameras
      const cameras = yield* Effect.forEach(options.cameras, (text) => findCamera(all, text))
      const done = yield* Effect.forEach(cameras, act)
      yield* options.json
        ? printJson(Schema.Array(answer))(done.map(([value]) => value))
        : Console.log(done.map(([, sentence]) => sentence).join("\n"))
    }).pipe(Effect.provide(Server.layer(options)))
  ).pipe(Command.withDescription(described(description, example)))

const switchTo = (enabled: boolean) => (camera: Camera) =>
  Effect.map(
    overRpc((rpc) => (enabled ? rpc.StartCamera({ id: camera.id }) : rpc.StopCamera({ id: camera.id }))),
    (after) => [after, `${after.name} is ${enabled ? "enabled" : "disabled"}.`] as const
  )

const enable = forEachCamera("enable", ["Switch cameras on.", "vigil camera enable Entrance Yard"], Camera, switchTo(true))
const disable = forEachCamera(
  "disable",
  ["Switch cameras off; what they are and have seen stays.", "vigil camera disable Entrance Yard"],
  Camera,
  switchTo(false)
)

const remove = forEachCamera("remove", ["Remove cameras for good.", "vigil camera remove Entrance"], Camera, (camera) =>
  Effect.as(
    overRpc((rpc) => rpc.DeleteCamera({ id: camera.id })),
    [camera, `${camera.name} is removed.`] as const
  )
)

/** Commands that change which cameras there are, and how they are. */
export const configureCommands = [add, edit, enable, disable, remove] as const
