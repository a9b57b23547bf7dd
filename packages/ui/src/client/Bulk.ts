import type { QueryClient } from "@tanstack/react-query"
import { type BulkChange, BulkRequest, BulkResult, mostAtOnce } from "@vigil/core/CameraBulk"
import type { CameraId } from "@vigil/core/Ids"
import { Schema } from "effect"
import { sendJson } from "./Session.js"

const encode = Schema.encodeSync(BulkRequest)
const decode = Schema.decodeUnknownPromise(Schema.Struct({ results: Schema.Array(BulkResult) }))

/** Does the same to many cameras, and tells what became of each. */
export const changeCameras = async (
  queries: QueryClient,
  ids: ReadonlyArray<CameraId>,
  change: BulkChange
): Promise<ReadonlyArray<BulkResult>> => {
  const results: Array<BulkResult> = []
  try {
    for (let first = 0; first < ids.length; first += mostAtOnce) {
      const answer = await sendJson("/api/v1/cameras/bulk", "POST", encode({ ids: ids.slice(first, first + mostAtOnce), change }))
      results.push(...(await decode(await answer.json())).results)
    }
    return results
  } finally {
    await queries.invalidateQueries({ queryKey: ["cameras"] })
  }
}
