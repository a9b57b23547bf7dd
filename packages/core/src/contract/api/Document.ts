import { Predicate } from "effect"
import { problemContentType } from "../Problem.js"

type Spec = Readonly<Record<string, unknown>>

/** The library's own form of 400s, which the server translates. */
const translated: ReadonlySet<string> = new Set(["HttpApiDecodeError", "Issue"])

const problem = (description: string) => ({
  description,
  content: { [problemContentType]: { schema: { $ref: "#/components/schemas/Problem" } } }
})

/** What may come of any request, whatever it asks for. */
const anywhere = {
  "400": problem("The request is malformed or a value is not allowed."),
  "403": problem("The role does not allow it, or the address or site that the request comes from may not."),
  "408": problem("The request did not come to its end in time."),
  "429": problem("Too many requests: wait as long as Retry-After says."),
  "431": problem("The address or the headers are too long."),
  "500": problem("Vigil failed to answer; its log says why, under the answer's requestId.")
}

const forBodies = {
  "413": problem("The body is too large."),
  "415": problem("The body is of another content type.")
}

const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "Any string of the caller's own, such as a UUID. A repetition with the same key within 24 hours is given the first answer, with `Idempotent-Replayed: true`, and nothing is done twice.",
  schema: { type: "string", pattern: "^[!#-~]{1,255}$" }
}

/** What may come of a request with a key. */
const forKeys = {
  "409": problem("The state of things does not allow it, or the first request with this Idempotency-Key is under way."),
  "422": problem("The Idempotency-Key is that of another request.")
}

const problemSchema = {
  type: "object",
  description: "Problem details (RFC 9457).",
  required: ["type", "title", "status"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    errors: { type: "array", items: { $ref: "#/components/schemas/InvalidField" } },
    requestId: { type: "string" }
  }
}

/** Drops the library's 400s, and `$id`s of schemas that allow anything: one name for many. */
const cleaned = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(cleaned)
  if (!Predicate.isReadonlyRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, entry]) => !translated.has(key) && !(key === "$id" && Predicate.isString(entry)))
      .map(([key, entry]) => [key, cleaned(entry)])
  )
}

const recordOf = (value: unknown): Spec => (Predicate.isReadonlyRecord(value) ? value : {})

const mapRecord = (value: unknown, change: (entry: Spec, key: string) => Spec): Spec =>
  Object.fromEntries(Object.entries(recordOf(value)).map(([key, entry]) => [key, change(recordOf(entry), key)]))

const listOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

/** Keys are for whoever is known: not for signing in and what comes before. */
const takesKeys = (method: string, operation: Spec): boolean => method === "post" && listOf(operation["security"]).length > 0

const withKeys = (method: string, operation: Spec): Spec =>
  takesKeys(method, operation)
    ? {
        ...operation,
        parameters: [...listOf(operation["parameters"]), idempotencyKey],
        responses: { ...recordOf(operation["responses"]), ...forKeys }
      }
    : operation

const ifNoneMatch = {
  name: "If-None-Match",
  in: "header",
  required: false,
  description:
    "ETags that are known, with commas between, or `*`: where the thing is at one of them the answer is 304, without a body.",
  schema: { type: "string" }
}

const etag = {
  ETag: { description: "The thing's revision, for `If-Match` and `If-None-Match`.", schema: { type: "string" } }
}

const takesIfMatch = (operation: Spec): boolean =>
  listOf(operation["parameters"]).some((parameter) => recordOf(parameter)["name"] === "if-match")

const answerOf = (operation: Spec, status: string): Spec => recordOf(recordOf(operation["responses"])[status])

const withTag = (operation: Spec, more: Spec = {}): Spec => ({
  ...operation,
  responses: { ...recordOf(operation["responses"]), "200": { ...answerOf(operation, "200"), headers: etag }, ...more }
})

const withKnownTags = (operation: Spec): Spec => ({
  ...withTag(operation, { "304": { description: "It is at a revision that If-None-Match names.", headers: etag } }),
  parameters: [...listOf(operation["parameters"]), ifNoneMatch]
})

/** What is changed by its revision is read with it. */
const withConditions = (path: Spec): Spec => {
  const read = recordOf(path["get"])
  const shown = JSON.stringify(answerOf(read, "200")["content"])
  const changes = ["patch", "put"].filter((method) => {
    const change = recordOf(path[method])
    return takesIfMatch(change) && JSON.stringify(answerOf(change, "200")["content"]) === shown
  })
  if (changes.length === 0) return path
  return {
    ...path,
    get: withKnownTags(read),
    ...Object.fromEntries(changes.map((method) => [method, withTag(recordOf(path[method]))]))
  }
}

const withCommonAnswers = (operation: Spec): Spec => ({
  ...operation,
  responses: {
    ...recordOf(operation["responses"]),
    ...anywhere,
    ...(operation["requestBody"] === undefined ? {} : forBodies)
  }
})

/** What the OpenAPI document says beyond the groups: answers that every operation may give, in the form in which they are given. */
export const completeDocument = (document: Spec): Record<string, unknown> => {
  const spec = recordOf(cleaned(document))
  const components = recordOf(spec["components"])
  return {
    ...spec,
    paths: mapRecord(spec["paths"], (path) =>
      mapRecord(withConditions(path), (operation, method) => withCommonAnswers(withKeys(method, operation)))
    ),
    components: { ...components, schemas: { ...recordOf(components["schemas"]), Problem: problemSchema } }
  }
}
