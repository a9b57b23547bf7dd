import { Schema } from "effect"
import { CameraId } from "./Ids.js"
import { PlainName } from "./PlainText.js"

export const WorkerTokenId = Schema.UUID.pipe(Schema.brand("WorkerTokenId"))
export type WorkerTokenId = typeof WorkerTokenId.Type

/** What is asked for when a worker token is made. */
export const NewWorkerToken = Schema.Struct({
  /** For people: which worker or fleet of workers has it. */
  name: PlainName(100),
  /** The one camera that it is for; all of the tenant's where absent. */
  cameraId: Schema.optional(CameraId)
}).annotations({ identifier: "NewWorkerToken" })
export type NewWorkerToken = typeof NewWorkerToken.Type

/**
 * Lets an external worker report how it is, and one that is for all cameras fetch the tenant's own models that are active. The token itself is with the worker only.
 */
export const WorkerToken = Schema.Struct({
  id: WorkerTokenId,
  name: Schema.String,
  cameraId: Schema.NullOr(CameraId),
  createdAt: Schema.DateTimeUtc
}).annotations({ identifier: "WorkerToken" })
export type WorkerToken = typeof WorkerToken.Type

/** A fresh worker token: told this once, and never again. */
export const MadeWorkerToken = Schema.Struct({ ...WorkerToken.fields, token: Schema.String }).annotations({
  identifier: "MadeWorkerToken"
})
export type MadeWorkerToken = typeof MadeWorkerToken.Type
