import { Args, Command, Options } from "@effect/cli"
import { Camera } from "@vigil/core/Camera"
import { AdoptRequest, DiscoveryOutline, DiscoveryRequest, ListedDiscovery } from "@vigil/core/Discovery"
import { DiscoveryId } from "@vigil/core/Ids"
import { Console, DateTime, Effect, Option, Schema, Stream } from "effect"
import { described } from "../Help.js"
import * as Server from "../operator/Server.js"
import { overHttp, overRpc, streamRpc } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { cancelled, CommandFailed, decodeTyped, json, printJson, table, UsageError } from "../Output.js"
import { placeNamed } from "../PlaceReference.js"
import { credentialOptions, credentialsOf, word } from "../SourceArgument.js"

type ListedDevice = ListedDiscovery["devices"][number]

const streamText = ({ detail, streams: [best] }: ListedDevice): string => {
  if (best === undefined) return detail ?? "none"
  const size = best.width === undefined || best.height === undefined ? "" : ` ${best.width}x${best.height}`
  return `${best.url} ${best.codec ?? ""}${size}`.trimEnd()
}

const modelText = ({ manufacturer, model }: ListedDevice): string =>
  [manufacturer, model].filter((text) => text !== undefined).join(" ")

const devicesText = ({ devices }: ListedDiscovery): string =>
  table(
    ["ADDRESS", "NAME", "MODEL", "CAMERA", "STREAM"],
    devices.map((device) => [
      device.address,
      device.name,
      modelText(device),
      device.cameraId === null ? "" : "added",
      streamText(device)
    ])
  )

const stateText = ({ detail, devices, state }: ListedDiscovery): string =>
  `${state}: ${devices.length} ${devices.length === 1 ? "device" : "devices"}${detail === null ? "" : `; ${detail}`}`

const print = (discovery: ListedDiscovery, asJson: boolean) =>
  asJson ? printJson(ListedDiscovery)(discovery) : Console.log(`${devicesText(discovery)}\n${stateText(discovery)}`)

const tellProgress = ({ devices, progress, state }: ListedDiscovery) =>
  state === "running" ? Console.error(`${progress.done} of ${progress.total} tried, ${devices.length} found`) : Effect.void

const start = Command.make(
  "start",
  {
    ranges: Args.repeated(word("range", "Addresses to look at: 192.168.1.0/24, 192.168.1.10-192.168.1.40 or 192.168.1.7.")),
    ports: Options.text("port").pipe(
      Options.repeated,
      Options.withDescription("RTSP port to try; may be repeated. 554 and 8554.")
    ),
    paths: Options.text("path").pipe(
      Options.repeated,
      Options.withDescription("Path of streams to try besides those that makers use; may be repeated.")
    ),
    noOnvif: Options.boolean("no-onvif").pipe(Options.withDescription("Do not ask ONVIF devices to tell that they are there.")),
    ...credentialOptions,
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      const credentials = yield* credentialsOf(options)
      const asked = yield* decodeTyped(
        DiscoveryRequest,
        "the search"
      )({
        onvif: !options.noOnvif,
        ranges: options.ranges,
        paths: options.paths,
        ...(options.ports.length === 0 ? {} : { ports: options.ports.map(Number) })
      })
      const request = { ...asked, ...(credentials === undefined ? {} : { credentials }) }
      const { id } = yield* overRpc((rpc) => rpc.StartDiscovery({ request }))
      const last = yield* streamRpc((rpc) => rpc.WatchDiscovery({ id })).pipe(
        Stream.tap(tellProgress),
        Stream.runLast,
        Effect.onInterrupt(() =>
          overRpc((rpc) => rpc.CancelDiscovery({ id })).pipe(
            Effect.match({
              onSuccess: () => "the search is cancelled",
              onFailure: ({ message }) => `the search may go on: ${message}`
            }),
            Effect.flatMap(cancelled)
          )
        )
      )
      if (Option.isNone(last)) return yield* new CommandFailed({ detail: "nothing more was heard of the search" })
      yield* print(last.value, options.json)
      if (last.value.state === "failed") return yield* new CommandFailed({ detail: last.value.detail ?? "the search failed" })
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Look for cameras in the networks of the server, and wait; Ctrl-C ends the search. The password is tried once with each device.",
      "vigil discover start",
      "vigil discover start 192.168.7.0/24 --port 554 --username admin --password-file ./password"
    )
  )
)

const list = Command.make("list", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const discoveries = yield* overHttp((http) => http.discoveries.list())
    if (options.json) return yield* printJson(Schema.Array(DiscoveryOutline))(discoveries)
    yield* Console.log(
      table(
        ["ID", "STATE", "STARTED", "BY", "DEVICES", "TRIED"],
        discoveries.map(({ devices, id, progress: { done, total }, startedAt, startedBy, state }) => [
          ...[id, state, DateTime.formatIso(startedAt), startedBy],
          ...[String(devices), `${done}/${total}`]
        ])
      )
    )
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("The last twenty searches.", "vigil discover list --json")))

const id = Options.text("id").pipe(Options.optional, Options.withDescription("Which search; the newest one without it."))

/** The search that is meant. */
const meant = (text: Option.Option<string>) =>
  Effect.gen(function* () {
    if (Option.isSome(text)) return yield* decodeTyped(DiscoveryId, "--id")(text.value)
    const [newest] = yield* overHttp((http) => http.discoveries.list())
    return newest === undefined
      ? yield* new CommandFailed({ detail: "there was no search yet: `vigil discover start` begins one" })
      : newest.id
  })

const found = (text: Option.Option<string>) =>
  Effect.flatMap(meant(text), (which) => overHttp((http) => http.discoveries.get({ path: { id: which } })))

const show = Command.make("show", { id, ...serverOptions, json }, (options) =>
  Effect.flatMap(found(options.id), (discovery) => print(discovery, options.json)).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("What a search has found.", "vigil discover show --json")))

const cancel = Command.make("cancel", { id, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const which = yield* meant(options.id)
    yield* print(yield* overHttp((http) => http.discoveries.cancel({ path: { id: which } })), options.json)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("End a search that is under way.", "vigil discover cancel")))

/** Devices by their key or their address. */
const devicesNamed = ({ devices }: ListedDiscovery, names: ReadonlyArray<string>) =>
  Effect.forEach(names, (name) => {
    const matches = devices.filter(({ address, key }) => key === name || address === name)
    const [match, other] = matches
    if (match === undefined) return new CommandFailed({ detail: `no device ${name} was found` })
    const keys = matches.map(({ key }) => key).join(", ")
    return other === undefined ? Effect.succeed(match) : new CommandFailed({ detail: `${name} is several devices: ${keys}` })
  })

const isNew = ({ cameraId, streams }: ListedDevice): boolean => cameraId === null && streams.length > 0

const add = Command.make(
  "add",
  {
    devices: Args.repeated(word("device", "A device that was found: its address, or its key as --json tells it.")),
    all: Options.boolean("all").pipe(Options.withDescription("All that have a stream and are no camera yet.")),
    id,
    place: Options.text("place").pipe(Options.optional, Options.withDescription("Where they hang.")),
    tags: Options.text("tag").pipe(Options.repeated, Options.withDescription("A tag for them; may be repeated.")),
    ...credentialOptions,
    ...serverOptions,
    json
  },
  (options) =>
    Effect.gen(function* () {
      if (options.all === options.devices.length > 0) return yield* new UsageError({ detail: "name devices, or take --all" })
      const discovery = yield* found(options.id)
      const chosen = options.all ? discovery.devices.filter(isNew) : yield* devicesNamed(discovery, options.devices)
      if (chosen.length === 0)
        return yield* new CommandFailed({ detail: "there is no device with a stream that is no camera yet" })
      const place = yield* Effect.transposeMapOption(options.place, placeNamed)
      const credentials = yield* credentialsOf(options)
      const asked = yield* decodeTyped(
        AdoptRequest,
        "the devices"
      )({ devices: chosen.map(({ key }) => ({ key })), tags: options.tags })
      const payload = {
        ...asked,
        ...(Option.isNone(place) ? {} : { placeId: place.value.place.id }),
        ...(credentials === undefined ? {} : { credentials })
      }
      const cameras = yield* overHttp((http) => http.discoveries.adopt({ path: { id: discovery.id }, payload }))
      if (options.json) return yield* printJson(Schema.Array(Camera))(cameras)
      yield* Console.log(cameras.map(({ name }) => `${name} is added.`).join("\n"))
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Make cameras of devices that were found.",
      "vigil discover add 192.168.7.21 --place North/Hall --username admin --password-file ./password",
      "vigil discover add --all --tag new"
    )
  )
)

export const discoverCommand = Command.make("discover").pipe(
  Command.withDescription("Find cameras in the network: ONVIF devices, and RTSP servers in ranges of addresses."),
  Command.withSubcommands([start, list, show, cancel, add])
)
