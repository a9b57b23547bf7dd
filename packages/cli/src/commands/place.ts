import { Command } from "@effect/cli"
import { NewPlace, Place, PlaceKind, PlacePatch } from "@vigil/core/Place"
import { Console, Effect, Schema } from "effect"
import { described } from "../Help.js"
import * as Server from "../operator/Server.js"
import { overHttp } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { decodeTyped, json, printJson, table, UsageError } from "../Output.js"
import { listPlaces, placeArgument, placeNamed } from "../PlaceReference.js"
import { word } from "../SourceArgument.js"

const ListedPlace = Schema.Struct({ ...Place.fields, path: Schema.String })

const list = Command.make("list", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const places = yield* listPlaces
    if (options.json) return yield* printJson(Schema.Array(ListedPlace))(places.map(({ path, place }) => ({ ...place, path })))
    yield* Console.log(
      table(
        ["PLACE", "KIND", "ID"],
        places.map(({ path, place: { id, kind } }) => [path, kind, id])
      )
    )
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("The places there are.", "vigil place list --json")))

const add = Command.make("add", { place: placeArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const names = options.place.split("/")
    const kind = PlaceKind.literals[names.length - 1]
    if (kind === undefined)
      return yield* new UsageError({ detail: "a place is SITE, SITE/BUILDING, SITE/BUILDING/FLOOR or SITE/BUILDING/FLOOR/ZONE" })
    const parentId = names.length === 1 ? null : (yield* placeNamed(names.slice(0, -1).join("/"))).place.id
    const payload = yield* decodeTyped(NewPlace, "the place")({ kind, name: names.at(-1), parentId })
    const place = yield* overHttp((http) => http.places.create({ payload }))
    yield* options.json ? printJson(Place)(place) : Console.log(`The ${kind} ${options.place} is added.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Add a site, or a building, floor or zone in what is there already.",
      "vigil place add North",
      "vigil place add North/Hall"
    )
  )
)

/** Changes the place as it was found: not what somebody else made of it meanwhile. */
const change = (reference: string, patch: PlacePatch, asJson: boolean) =>
  Effect.gen(function* () {
    const { path, place } = yield* placeNamed(reference)
    const headers = { "if-match": `"${place.revision}"` }
    const changed = yield* overHttp((http) => http.places.update({ path: { id: place.id }, headers, payload: patch }))
    if (asJson) return yield* printJson(Place)(changed)
    const { path: now } = yield* placeNamed(place.id)
    yield* Console.log(`${path} is ${now} now.`)
  })

const rename = Command.make(
  "rename",
  { place: placeArgument, name: word("name", "Its new name, without the place that it is in."), ...serverOptions, json },
  (options) =>
    Effect.flatMap(decodeTyped(PlacePatch, "the name")({ name: options.name }), (patch) =>
      change(options.place, patch, options.json)
    ).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Give a place another name.", 'vigil place rename North/Hall "Hall 2"')))

const move = Command.make(
  "move",
  { place: placeArgument, into: word("into", "The place that it is to be in: its path or id."), ...serverOptions, json },
  (options) =>
    Effect.flatMap(placeNamed(options.into), ({ place }) => change(options.place, { parentId: place.id }, options.json)).pipe(
      Effect.provide(Server.layer(options))
    )
).pipe(
  Command.withDescription(
    described("Put a building, floor or zone in another place, with all that it holds.", 'vigil place move "North/Hall 2" South')
  )
)

const remove = Command.make("remove", { place: placeArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { path, place } = yield* placeNamed(options.place)
    yield* overHttp((http) => http.places.remove({ path: { id: place.id }, headers: {} }))
    yield* options.json ? Console.log("{}") : Console.log(`${path} is removed.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(described("Remove a place that holds neither cameras nor places.", "vigil place remove North/Hall"))
)

export const placeCommand = Command.make("place").pipe(
  Command.withDescription("Where cameras hang: sites, their buildings, floors and zones."),
  Command.withSubcommands([list, add, rename, move, remove])
)
