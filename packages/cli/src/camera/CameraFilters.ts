import { Options } from "@effect/cli"
import type { Camera } from "@vigil/core/Camera"
import { CameraQuery } from "@vigil/core/CameraQuery"
import { Effect, Option } from "effect"
import { overHttp } from "../operator/Server.js"
import { decodeTyped } from "../Output.js"
import { placeNamed } from "../PlaceReference.js"

const optionalText = (name: string, description: string) =>
  Options.text(name).pipe(Options.optional, Options.withDescription(description))

const states = ["Disabled", "Connecting", "Streaming", "Stalled", "BackingOff", "Failed"] as const

/** Which cameras to list, and in which order. */
export const cameraFilters = {
  search: optionalText("search", "Only those with this in the name, the address, a tag or a group."),
  tag: optionalText("tag", "Only those with this tag."),
  group: optionalText("group", "Only those in this group."),
  place: optionalText("place", "Only those in this place, or in one within it."),
  unplaced: Options.boolean("unplaced").pipe(Options.withDescription("Only those that are in no place.")),
  state: Options.choice("state", states).pipe(Options.optional, Options.withDescription("Only those that do this now.")),
  enabled: Options.choice("enabled", ["yes", "no"]).pipe(
    Options.optional,
    Options.withDescription("Only those that are, or are not.")
  ),
  sort: Options.choice("sort", ["name", "created", "updated"]).pipe(
    Options.withDefault("name" as const),
    Options.withDescription("By what they are sorted.")
  ),
  descending: Options.boolean("descending").pipe(Options.withDescription("The last ones first."))
}

interface CameraFilters {
  readonly search: Option.Option<string>
  readonly tag: Option.Option<string>
  readonly group: Option.Option<string>
  readonly place: Option.Option<string>
  readonly unplaced: boolean
  readonly state: Option.Option<(typeof states)[number]>
  readonly enabled: Option.Option<"yes" | "no">
  readonly sort: CameraQuery["sort"]
  readonly descending: boolean
}

const given = <A>(key: string, value: Option.Option<A>) =>
  Option.match(value, { onNone: () => ({}), onSome: (told) => ({ [key]: told }) })

export const queryOf = (filters: CameraFilters) =>
  Effect.gen(function* () {
    const place = yield* Effect.transposeMapOption(filters.place, placeNamed)
    return yield* decodeTyped(
      CameraQuery,
      "the filter"
    )({
      ...given("search", filters.search),
      ...given("tag", filters.tag),
      ...given("group", filters.group),
      ...given("state", filters.state),
      ...given(
        "placeId",
        Option.map(place, (found) => found.place.id)
      ),
      ...given(
        "enabled",
        Option.map(filters.enabled, (answer) => answer === "yes")
      ),
      ...(filters.unplaced ? { placed: false } : {}),
      sort: filters.sort,
      descending: filters.descending,
      limit: 500
    })
  })

const conditions = ["search", "tag", "group", "state", "placeId", "enabled", "placed"] as const

/** Whether it asks for all cameras. */
export const isAnything = (query: CameraQuery): boolean => conditions.every((condition) => query[condition] === undefined)

/** The cameras of all pages. */
export const camerasOf = (query: CameraQuery) =>
  Effect.gen(function* () {
    const cameras: Array<Camera> = []
    let cursor: string | undefined
    do {
      const page = yield* overHttp((http) =>
        http.cameras.list({ urlParams: { ...query, ...(cursor === undefined ? {} : { cursor }) } })
      )
      cameras.push(...page.cameras)
      cursor = page.nextCursor
    } while (cursor !== undefined)
    return cameras
  })
