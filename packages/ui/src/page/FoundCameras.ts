import { useQuery } from "@tanstack/react-query"
import type { Camera } from "@vigil/core/Camera"
import { useStreaming } from "../client/ClientContext.js"
import { placesQuery } from "../client/Places.js"
import { type CameraSearch, foundCameras } from "./CameraSearch.js"

/** The cameras that fit what somebody searches for, as they come and go. */
export const useFoundCameras = (cameras: ReadonlyArray<Camera>, search: CameraSearch): ReadonlyArray<Camera> => {
  const places = useQuery(placesQuery).data ?? []
  const streaming = useStreaming(search.state !== undefined)
  return foundCameras(cameras, search, places, streaming)
}
