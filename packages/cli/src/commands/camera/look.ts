import { Args, Command, Options } from "@effect/cli"
import { Camera } from "@vigil/core/Camera"
import { CameraStatus } from "@vigil/core/CameraStatus"
import { CameraHealth } from "@vigil/core/CameraRuntime"
import { CameraId } from "@vigil/core/Ids"
import { KeyframeMethod } from "@vigil/core/Source"
import { Console, Effect, Option, Schema, Stream } from "effect"
import { described } from "../../Help.js"
import { writeFile } from "node:fs/promises"
import { cameraArgument, cameraNamed, findCamera, listCameras } from "../../camera/CameraReference.js"
import { cameraFilters, camerasOf, isAnything, queryOf } from "../../camera/CameraFilters.js"
import { cameraText } from "../../camera/CameraText.js"
import { healthText } from "../../camera/RuntimeText.js"
import { type Space, statusTable } from "../../camera/StatusTable.js"
import * as Server from "../../operator/Server.js"
import { overHttp, overRpc, streamRpc } from "../../operator/Server.js"
import { serverOptions } from "../../operator/ServerAccess.js"
import { CommandFailed, json, printJson, table, UsageError } from "../../Output.js"
import { placePath } from "../../PlaceReference.js"
import { makeWatchScreen, watchRows } from "../../WatchScreen.js"

/** A camera's configuration, and how well its worker does once it was heard of. */
const ListedCamera = Schema.Struct({
  ...Camera.fields,
  health: Schema.optional(CameraHealth),
  alert: Schema.optional(Schema.Boolean)
})

const list = Command.make("list", { ...cameraFilters, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const query = yield* queryOf(options)
    const [all, workers] = yield* Effect.all([camerasOf(query), overRpc((rpc) => rpc.ListCameraRuntimes())], { concurrency: 2 })
    const runtimes = new Map(workers.map(({ id, runtime }) => [id, runtime]))
    const healthOf = (id: CameraId) => runtimes.get(id) ?? null
    if (options.json) {
      const listed = all.map((camera) => {
        const runtime = healthOf(camera.id)
        return { ...camera, ...(runtime === null ? {} : { health: runtime.healthStatus, alert: runtime.alert }) }
      })
      return yield* printJson(Schema.Array(ListedCamera))(listed)
    }
    if (all.length === 0) {
      const none = "There are no cameras yet: `vigil camera add NAME URL` adds one."
      return yield* Console.error(isAnything(query) ? none : "There is no such camera.")
    }
    const rows = all.map(({ enabled, id, name, url }) => [name, id, enabled ? "yes" : "no", healthText(healthOf(id)), url])
    yield* Console.log(table(["NAME", "ID", "ENABLED", "HEALTH", "URL"], rows))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "The cameras that are configured, all or some, and how well they do.",
      "vigil camera list --place North --state Streaming",
      "vigil camera list --tag outside --json"
    )
  )
)

const show = Command.make("show", { camera: cameraArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const camera = yield* cameraNamed(options.camera)
    if (options.json) return yield* printJson(Camera)(camera)
    const place = camera.placeId === null ? null : yield* placePath(camera.placeId)
    const running = yield* overRpc((rpc) =>
      rpc.CameraStatus({ id: camera.id }).pipe(
        Effect.asSome,
        Effect.catchTag("CameraNotRunning", () => Effect.succeedNone)
      )
    )
    yield* Console.log(cameraText(camera, place, Option.getOrUndefined(running)))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("The configuration of a camera, and how it does.", 'vigil camera show "front door"')))

/** A camera's status with the name that people know it by. */
const NamedStatus = Schema.Struct({ name: Schema.String, ...CameraStatus.fields })

const onceStatus = (cameras: ReadonlyArray<Camera>, asJson: boolean) =>
  Effect.gen(function* () {
    const statuses = new Map((yield* overHttp((http) => http.cameras.statuses())).map((status) => [status.cameraId, status]))
    if (!asJson) return yield* Console.log(statusTable(cameras, statuses, Date.now(), wholeWidth()))
    const named = cameras.flatMap(({ id, name }) => {
      const status = statuses.get(id)
      return status === undefined ? [] : [{ name, ...status }]
    })
    yield* printJson(Schema.Array(NamedStatus))(named)
  })

/** Every camera, however many; as wide as the terminal where there is one. */
const wholeWidth = (): Space => ({ columns: process.stdout.columns || Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY })

/** A camera that was running and is no more, for programs. */
const Gone = Schema.Struct({ name: Schema.String, cameraId: CameraId, running: Schema.Literal(false) })

/** How often it is looked at which cameras there are, and which of them run nowhere any more. */
const lookInterval = "5 seconds"

const watchStatus = (chosen: Effect.Effect<ReadonlyArray<Camera>, Error, Server.Server>, asJson: boolean) =>
  Effect.gen(function* () {
    const inPlace = !asJson && process.stdout.isTTY
    let cameras = yield* chosen
    const statuses = new Map<CameraId, CameraStatus>()
    const draw = makeWatchScreen()
    const nameOf = (id: CameraId) => cameras.find((camera) => camera.id === id)?.name

    const take = (status: CameraStatus) => {
      statuses.set(status.cameraId, status)
      const name = nameOf(status.cameraId)
      return inPlace || name === undefined ? Effect.void : printJson(NamedStatus)({ name, ...status })
    }
    const forget = (cameraId: CameraId) => {
      statuses.delete(cameraId)
      const name = nameOf(cameraId)
      return inPlace || name === undefined ? Effect.void : printJson(Gone)({ name, cameraId, running: false })
    }
    const look = Effect.gen(function* () {
      const known = [...statuses.keys()]
      const running = new Set((yield* overHttp((http) => http.cameras.statuses())).map(({ cameraId }) => cameraId))
      yield* Effect.forEach(
        known.filter((id) => !running.has(id)),
        forget,
        { discard: true }
      )
      const before = new Set(cameras.map(({ id }) => id))
      cameras = yield* chosen
      const added = cameras.flatMap(({ id }) => (before.has(id) ? [] : (statuses.get(id) ?? [])))
      yield* Effect.forEach(added, take, { discard: true })
    })
    const redraw = Effect.sync(() => draw(statusTable(cameras, statuses, Date.now(), { ...wholeWidth(), rows: watchRows() })))

    const follow = Stream.runForEach(
      streamRpc((rpc) => rpc.WatchCameras()),
      take
    )
    const looking = Effect.forever(Effect.delay(look, lookInterval))
    const drawing = inPlace ? Effect.forever(Effect.zipRight(redraw, Effect.sleep("500 millis"))) : Effect.never
    yield* Effect.raceFirst(follow, Effect.raceFirst(looking, drawing))
  })

const status = Command.make(
  "status",
  {
    cameras: Args.repeated(cameraArgument),
    watch: Options.boolean("watch").pipe(
      Options.withAlias("w"),
      Options.withDescription("Go on: a table that changes in place on a terminal, else a line of JSON for each change.")
    ),
    ...serverOptions,
    json
  },
  (options) => {
    const chosen = Effect.flatMap(listCameras, (all) =>
      options.cameras.length === 0 ? Effect.succeed(all) : Effect.forEach(options.cameras, (text) => findCamera(all, text))
    )
    return (
      options.watch ? watchStatus(chosen, options.json) : Effect.flatMap(chosen, (cameras) => onceStatus(cameras, options.json))
    ).pipe(Effect.provide(Server.layer(options)))
  }
).pipe(
  Command.withDescription(
    described(
      "What cameras are doing now: state and why, rates, losses, latency from capture to detection, viewers.",
      "vigil camera status -w",
      "vigil camera status --json"
    )
  )
)

const restart = Command.make("restart", { cameras: Args.atLeast(cameraArgument, 1), ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const all = yield* listCameras
    const cameras = yield* Effect.forEach(options.cameras, (text) => findCamera(all, text))
    const statuses = yield* Effect.forEach(cameras, ({ id, name }) =>
      Effect.map(
        overRpc((rpc) => rpc.RestartCamera({ id })),
        (after) => ({ name, ...after })
      )
    )
    yield* options.json
      ? printJson(Schema.Array(NamedStatus))(statuses)
      : Console.log(cameras.map(({ name }) => `${name} is opened again.`).join("\n"))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Close the connection to cameras and open it again.", "vigil camera restart Entrance")))

/** How a camera was asked, for programs. */
const Asked = Schema.Struct({ name: Schema.String, cameraId: CameraId, method: KeyframeMethod })

const keyframe = Command.make("keyframe", { camera: cameraArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { id, name } = yield* cameraNamed(options.camera)
    const { method } = yield* overRpc((rpc) => rpc.RequestKeyframe({ id }))
    yield* options.json
      ? printJson(Asked)({ name, cameraId: id, method })
      : Console.log(`${name} is asked for a key frame (RTCP ${method.toUpperCase()}).`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("Ask a camera for a key frame now, where it takes such requests.", "vigil camera keyframe Entrance")
  )
)

const snapshot = Command.make(
  "snapshot",
  {
    camera: cameraArgument,
    file: Options.text("output").pipe(
      Options.withPseudoName("file"),
      Options.withAlias("o"),
      Options.optional,
      Options.withDescription("The file to write; standard output by default.")
    ),
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const file = Option.getOrUndefined(options.file)
      if (file === undefined && (options.json || process.stdout.isTTY))
        return yield* new UsageError({ detail: "name a file for the picture: --output FILE" })
      const { id, name } = yield* cameraNamed(options.camera)
      const picture = yield* overRpc((rpc) => rpc.CameraSnapshot({ id }))
      if (file === undefined) {
        yield* Effect.async<void>((resume) => {
          process.stdout.write(picture, () => resume(Effect.void))
        })
        return
      }
      yield* Effect.tryPromise({
        try: () => writeFile(file, picture),
        catch: (error) => new CommandFailed({ detail: `${file} cannot be written: ${String(error)}` })
      })
      yield* Console.log(
        options.json
          ? JSON.stringify({ cameraId: id, file, bytes: picture.length })
          : `The picture of ${name} is in ${file}, ${picture.length} bytes.`
      )
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described("The newest picture of a camera, as JPEG.", "vigil camera snapshot Entrance --output entrance.jpg")
  )
)

/** Commands that look at cameras, and change nothing that is stored. */
export const lookCommands = [list, show, status, snapshot, keyframe, restart] as const
