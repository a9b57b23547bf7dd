import type { Camera } from "@vigil/core/Camera"
import { CameraQuery, matchesQuery } from "@vigil/core/CameraQuery"
import { PlaceId } from "@vigil/core/Ids"
import type { Place } from "@vigil/core/Place"
import { Option, Schema } from "effect"
import { type MoreSearch, moreSearch } from "./MoreSearch.js"

/** The filters of the cameras' page, and how much of it is shown, as they stand in its address. */
export interface CameraSearch extends MoreSearch {
  readonly text?: string
  readonly place?: PlaceId
  readonly tag?: string
  readonly state?: CameraCondition
}

/** `live`: pictures come; `missing`: they should, and do not; `off`: nobody wants them. */
export type CameraCondition = "live" | "missing" | "off"

const isCondition = (value: unknown): value is CameraCondition => value === "live" || value === "missing" || value === "off"

const conditionOf = ({ enabled, id }: Camera, streaming: ReadonlySet<string>): CameraCondition => {
  if (!enabled) return "off"
  return streaming.has(id) ? "live" : "missing"
}

const asPlaceId = Schema.decodeUnknownOption(PlaceId)

/** What of an address is known here; everything else is passed over. */
export const cameraSearch = (search: Readonly<Record<string, unknown>>): CameraSearch => {
  const { state, tag, text } = search
  const place = Option.getOrUndefined(asPlaceId(search["place"]))
  return {
    ...(typeof text === "string" && text !== "" ? { text: text.slice(0, 200) } : {}),
    ...(place === undefined ? {} : { place }),
    ...(typeof tag === "string" && tag !== "" ? { tag } : {}),
    ...(isCondition(state) ? { state } : {}),
    ...moreSearch(search)
  }
}

/** The place and all within it. */
const within = (places: ReadonlyArray<Place>, id: PlaceId): ReadonlySet<PlaceId> => {
  const found = new Set([id])
  // A set is walked through with what is added meanwhile.
  for (const each of found) for (const place of places) if (place.parentId === each) found.add(place.id)
  return found
}

const everything = Schema.decodeSync(CameraQuery)({})

/** The cameras that fit, in the order that they have. */
export const foundCameras = (
  cameras: ReadonlyArray<Camera>,
  { place, state, tag, text }: CameraSearch,
  places: ReadonlyArray<Place>,
  streaming: ReadonlySet<string> = new Set()
): ReadonlyArray<Camera> => {
  const reach = place === undefined ? undefined : within(places, place)
  const query = { ...everything, ...(text === undefined ? {} : { search: text.trim() }), ...(tag === undefined ? {} : { tag }) }
  return cameras.filter(
    (camera) =>
      matchesQuery(camera, query) &&
      (reach === undefined || (camera.placeId !== null && reach.has(camera.placeId))) &&
      (state === undefined || conditionOf(camera, streaming) === state)
  )
}
