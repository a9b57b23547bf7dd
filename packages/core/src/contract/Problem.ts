import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import { Schema } from "effect"

/** What a problem of one field is: `pointer` is a JSON pointer (RFC 6901) into the body, or names a parameter. */
export const InvalidField = Schema.Struct({ pointer: Schema.String, detail: Schema.String }).annotations({
  identifier: "InvalidField"
})
export type InvalidField = typeof InvalidField.Type

export const problemContentType = "application/problem+json"

/** Problem details (RFC 9457 3). `type` tells problems of one status apart for programs. */
const fields = <Status extends number>(status: Status) => ({
  type: Schema.String,
  title: Schema.String,
  status: Schema.Literal(status),
  detail: Schema.optional(Schema.String),
  /** What is wrong with which field. */
  errors: Schema.optional(Schema.Array(InvalidField)),
  /** Names the request in the server's log. */
  requestId: Schema.optional(Schema.String)
})

const annotations = (status: number, description: string) => ({
  [HttpApiSchema.AnnotationStatus]: status,
  description,
  [HttpApiSchema.AnnotationEncoding]: { kind: "Json", contentType: problemContentType } satisfies HttpApiSchema.Encoding
})

export class BadRequest extends Schema.Class<BadRequest>("BadRequest")(
  fields(400),
  annotations(400, "The request is malformed or a value is not allowed.")
) {}

export class NotSignedIn extends Schema.Class<NotSignedIn>("NotSignedIn")(
  fields(401),
  annotations(401, "There is no valid session.")
) {}

export class NotAllowed extends Schema.Class<NotAllowed>("NotAllowed")(
  fields(403),
  annotations(403, "The role does not allow it, or the request comes from another site.")
) {}

export class NotFound extends Schema.Class<NotFound>("NotFound")(fields(404), annotations(404, "There is no such thing.")) {}

export class MethodNotAllowed extends Schema.Class<MethodNotAllowed>("MethodNotAllowed")(
  fields(405),
  annotations(405, "This cannot be done here; Allow says what can.")
) {}

export class Conflict extends Schema.Class<Conflict>("Conflict")(
  fields(409),
  annotations(409, "The state of things does not allow it.")
) {}

export class PreconditionFailed extends Schema.Class<PreconditionFailed>("PreconditionFailed")(
  fields(412),
  annotations(412, "Somebody changed it since it was read (If-Match).")
) {}

export class TooManyRequests extends Schema.Class<TooManyRequests>("TooManyRequests")(
  fields(429),
  annotations(429, "Too many attempts: wait as long as Retry-After says.")
) {}

export class BadGateway extends Schema.Class<BadGateway>("BadGateway")(
  fields(502),
  annotations(502, "The camera does not answer as it should.")
) {}

export class Unavailable extends Schema.Class<Unavailable>("Unavailable")(
  fields(503),
  annotations(503, "The database or a part of the program is away: try again soon.")
) {}
