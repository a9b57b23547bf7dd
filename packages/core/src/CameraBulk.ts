import { Schema } from "effect"
import { type Camera, type CameraPatch, Label } from "./Camera.js"
import { CameraId, PlaceId } from "./Ids.js"

const Labels = Schema.Array(Label).pipe(Schema.minItems(1), Schema.maxItems(32))

/** What is done to each of many cameras. */
export const BulkChange = Schema.Union(
  Schema.Struct({ action: Schema.Literal("enable", "disable", "delete") }),
  Schema.Struct({ action: Schema.Literal("tag", "untag"), tags: Labels }),
  /** Null: to no place. */
  Schema.Struct({ action: Schema.Literal("move"), placeId: Schema.NullOr(PlaceId) })
).annotations({ identifier: "BulkChange" })
export type BulkChange = typeof BulkChange.Type

/** Cameras of one request. */
export const mostAtOnce = 1000

export const BulkRequest = Schema.Struct({
  ids: Schema.Array(CameraId).pipe(Schema.minItems(1), Schema.maxItems(mostAtOnce)),
  change: BulkChange
}).annotations({ identifier: "BulkRequest" })
export type BulkRequest = typeof BulkRequest.Type

/** What became of one camera; `problem` is that of problem details where it could not be done. */
export const BulkResult = Schema.Struct({
  id: CameraId,
  done: Schema.Boolean,
  problem: Schema.optional(Schema.Struct({ type: Schema.String, detail: Schema.String }))
}).annotations({ identifier: "BulkResult" })
export type BulkResult = typeof BulkResult.Type

/** What a change does to a camera that stays: nothing where it is to be deleted. */
export const patchOfBulk = (camera: Camera, change: BulkChange): CameraPatch => {
  switch (change.action) {
    case "tag":
      return { tags: [...new Set([...camera.tags, ...change.tags])] }
    case "untag":
      return { tags: camera.tags.filter((tag) => !change.tags.includes(tag)) }
    case "move":
      return { placeId: change.placeId }
    case "delete":
      return {}
    default:
      return { enabled: change.action === "enable" }
  }
}
