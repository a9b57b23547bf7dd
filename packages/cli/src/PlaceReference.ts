import type { PlaceId } from "@vigil/core/Ids"
import { type Place, placePaths } from "@vigil/core/Place"
import { Effect } from "effect"
import { overHttp } from "./operator/Server.js"
import { CommandFailed } from "./Output.js"
import { word } from "./SourceArgument.js"

/** Names a place on the command line. */
export const placeArgument = word("place", "The place: its path, as North/Hall 2, or its id.")

/** A place and its path. */
export interface PlacedPlace {
  readonly place: Place
  readonly path: string
}

/** All places by path. */
export const listPlaces = Effect.map(
  overHttp((http) => http.places.list()),
  (places): ReadonlyArray<PlacedPlace> => {
    const paths = placePaths(places)
    return places
      .map((place) => ({ place, path: paths.get(place.id) ?? place.name }))
      .sort((a, b) => a.path.localeCompare(b.path))
  }
)

/** The one place that is meant. */
export const placeNamed = (text: string) =>
  Effect.flatMap(listPlaces, (places) => {
    const found = places.find(({ path, place }) => path === text || place.id === text.toLowerCase())
    return found === undefined
      ? new CommandFailed({ detail: `there is no place ${text}: \`vigil place list\` tells which there are` })
      : Effect.succeed(found)
  })

/** What people call a place; its id where they may not see it. */
export const placePath = (id: PlaceId) =>
  Effect.map(listPlaces, (places) => places.find(({ place }) => place.id === id)?.path ?? id)
