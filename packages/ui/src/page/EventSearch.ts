import { type EventStatus, EventTag, type EventType } from "@vigil/core/Event"
import { CameraId } from "@vigil/core/Ids"
import { Option, Schema } from "effect"
import type { EventFilter } from "../client/EventList.js"
import { isEventStatus, isEventType } from "../words/EventWords.js"
import { type MoreSearch, moreSearch } from "./MoreSearch.js"

/** The filters of the events page, and how much of it is shown, as they stand in its address. */
export interface EventSearch extends MoreSearch {
  readonly camera?: string
  readonly type?: EventType
  readonly status?: EventStatus
  readonly tag?: string
}

const asCameraId = Schema.decodeUnknownOption(CameraId)
const isTag = Schema.is(EventTag)

/** What of an address is known here; everything else is passed over. */
export const eventSearch = (search: Readonly<Record<string, unknown>>): EventSearch => {
  const { camera, type, status, tag } = search
  return {
    ...(typeof camera === "string" && Option.isSome(asCameraId(camera)) ? { camera } : {}),
    ...(typeof type === "string" && isEventType(type) ? { type } : {}),
    ...(typeof status === "string" && isEventStatus(status) ? { status } : {}),
    ...(isTag(tag) ? { tag } : {}),
    ...moreSearch(search)
  }
}

export const eventFilter = ({ camera, type, status, tag }: EventSearch): EventFilter => ({
  ...(camera === undefined ? {} : { cameraId: Option.getOrUndefined(asCameraId(camera)) }),
  ...(type === undefined ? {} : { eventType: type }),
  ...(status === undefined ? {} : { status }),
  ...(tag === undefined ? {} : { tag })
})
