import { type QueryClient, queryOptions } from "@tanstack/react-query"
import { ImportReport } from "@vigil/core/CameraSheet"
import { type NewPlace, Place, type PlacePatch } from "@vigil/core/Place"
import { Schema } from "effect"
import { request, sendJson } from "./Session.js"

const decodePlaces = Schema.decodeUnknownPromise(Schema.Array(Place))
const decodeReport = Schema.decodeUnknownPromise(ImportReport)

export const placesQuery = queryOptions({
  queryKey: ["places"],
  queryFn: async ({ signal }) => decodePlaces(await (await request("/api/v1/places", { signal })).json())
})

const changed = (queries: QueryClient) => queries.invalidateQueries({ queryKey: placesQuery.queryKey })

export const addPlace = async (queries: QueryClient, place: NewPlace): Promise<void> => {
  await sendJson("/api/v1/places", "POST", place)
  await changed(queries)
}

/** As it was shown: refused where somebody else has changed it meanwhile. */
const asShown = ({ revision }: Place) => ({ "if-match": `"${revision}"` })

export const changePlace = async (queries: QueryClient, place: Place, patch: PlacePatch): Promise<void> => {
  const headers = { "content-type": "application/json", ...asShown(place) }
  await request(`/api/v1/places/${place.id}`, { method: "PATCH", headers, body: JSON.stringify(patch) })
  await changed(queries)
}

export const removePlace = async (queries: QueryClient, place: Place): Promise<void> => {
  await request(`/api/v1/places/${place.id}`, { method: "DELETE", headers: asShown(place) })
  await changed(queries)
}

/** Adds the cameras of a CSV or XLSX file; `look` only tells what would become of it, `good` leaves bad rows out. */
export const importCameras = async (file: Blob, what: "look" | "all" | "good"): Promise<ImportReport> => {
  const search = new URLSearchParams({ dryRun: String(what === "look"), rows: what === "good" ? "good" : "all" })
  const answer = await request(`/api/v1/cameras/import?${search.toString()}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: file
  })
  return decodeReport(await answer.json())
}
