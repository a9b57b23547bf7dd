import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { type InvalidField, NotAllowed, NotSignedIn, problemContentType, Unavailable } from "@vigil/core/contract/Problem"
import { parseProblems } from "@vigil/core/ParseProblems"
import { Cause, Option, Schema } from "effect"
import { problemType } from "./ToProblem.js"

interface Problem {
  readonly status: number
  readonly kind: string
  readonly title: string
  readonly detail?: string
  readonly errors?: ReadonlyArray<InvalidField>
  readonly requestId?: string
}

/** An answer of problem details (RFC 9457). */
export const problemResponse = ({ kind, ...problem }: Problem): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.unsafeJson(
    { type: problemType(kind), ...problem },
    { status: problem.status, contentType: problemContentType }
  )

export const tooLarge = (limit: number): HttpServerResponse.HttpServerResponse =>
  problemResponse({ status: 413, kind: "too-large", title: "Too large", detail: `The body may have at most ${limit} bytes.` })

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && (/maxBytes/.test(error.message) || isTooLarge(error.cause))

const ofRequestError = (error: HttpServerError.RequestError, limit: number) =>
  isTooLarge(error)
    ? tooLarge(limit)
    : problemResponse({
        status: 400,
        kind: "malformed-body",
        title: "Bad request",
        detail: "The body is not JSON."
      })

/** Problems that routes outside of `VigilApi` fail with. */
const isProblem = Schema.is(Schema.Union(NotSignedIn, NotAllowed, Unavailable))

/**
 * The answer for what went wrong before or beside the handlers; none for a defect, which is the server's own fault. `bodyLimit` in
 * bytes.
 */
export const responseForCause = (
  cause: Cause.Cause<unknown>,
  bodyLimit: number
): Option.Option<HttpServerResponse.HttpServerResponse> => {
  const error = Cause.squash(cause)
  if (HttpServerResponse.isServerResponse(error)) return Option.some(error)
  if (isProblem(error)) {
    return Option.some(HttpServerResponse.unsafeJson({ ...error }, { status: error.status, contentType: problemContentType }))
  }
  if (error instanceof HttpServerError.RouteNotFound) {
    return Option.some(
      problemResponse({ status: 404, kind: "no-route", title: "Not found", detail: "There is nothing at this address." })
    )
  }
  if (error instanceof HttpServerError.RequestError) return Option.some(ofRequestError(error, bodyLimit))
  return Option.none()
}

/** What HttpApi answers where a request does not fit its schema. */
const DecodeError = Schema.parseJson(
  Schema.Struct({
    _tag: Schema.Literal("HttpApiDecodeError"),
    issues: Schema.Array(
      Schema.Struct({
        path: Schema.Array(Schema.Union(Schema.String, Schema.Number)),
        message: Schema.String
      })
    )
  })
)
const decodeDecodeError = Schema.decodeUnknownOption(DecodeError)
const utf8 = new TextDecoder()

const escapePointer = (part: PropertyKey): string => String(part).replaceAll("~", "~0").replaceAll("/", "~1")

/** Gives HttpApi's own 400s the form of problem details. */
export const asProblem = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
  const { body, status } = response
  if (status !== 400 || body._tag !== "Uint8Array" || !body.contentType.startsWith("application/json")) return response
  return Option.match(decodeDecodeError(utf8.decode(body.body)), {
    onNone: () => response,
    onSome: ({ issues }) => {
      const errors = parseProblems(issues).map(({ detail, path }) => ({
        pointer: path.map((part) => `/${escapePointer(part)}`).join(""),
        detail
      }))
      const values = new Set(errors.map(({ pointer }) => pointer)).size
      return problemResponse({
        status: 400,
        kind: "validation",
        title: "Validation failed",
        detail: values === 1 ? "One value is not allowed." : `${values} values are not allowed.`,
        errors
      })
    }
  })
}
