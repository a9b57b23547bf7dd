import * as fc from "effect/FastCheck"
import { Predicate } from "effect"

/** A part of an OpenAPI document. */
export type JsonObject = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is JsonObject => Predicate.isReadonlyRecord(value)
const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {})
export const listOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])
const numberOf = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise)

/** Follows `$ref` within the document. */
export const resolved = (document: JsonObject, schema: unknown): JsonObject => {
  const reference = objectOf(schema)["$ref"]
  if (typeof reference !== "string") return objectOf(schema)
  let found: unknown = document
  for (const part of reference.slice(2).split("/")) found = objectOf(found)[part]
  return resolved(document, found)
}

/** What programs with mistakes, and people with bad intentions, send. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    " ",
    "\u0000",
    "\ud800",
    "../../etc/passwd",
    "'; drop table cameras; --",
    "<script>alert(1)</script>",
    "${jndi:ldap://x}",
    "%00",
    -1,
    0,
    1e308,
    2 ** 53,
    0.1,
    true,
    [],
    {},
    [[[[[[[[]]]]]]]],
    { __proto__: { admin: true } },
    { constructor: { prototype: { admin: true } } }
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constant("a".repeat(5000)),
  fc.double(),
  fc.jsonValue({ maxDepth: 3 })
)

const patternOf = (pattern: string): fc.Arbitrary<string> => fc.stringMatching(new RegExp(pattern))

const stringOf = (schema: JsonObject): fc.Arbitrary<unknown> => {
  const minLength = numberOf(schema["minLength"], 0)
  const maxLength = Math.min(numberOf(schema["maxLength"], 30), minLength + 60)
  const text = fc.string({ minLength, maxLength })
  if (schema["format"] === "uuid") return fc.uuid()
  if (typeof schema["pattern"] !== "string") return fc.oneof(text, fc.constant("rtsp://192.0.2.1/stream"), dates)
  const longest = numberOf(schema["maxLength"], Number.POSITIVE_INFINITY)
  return patternOf(schema["pattern"]).filter((value) => value.length >= minLength && value.length <= longest)
}

const dates = fc.date({ noInvalidDate: true }).map((date) => date.toISOString())

const numbersOf = (schema: JsonObject): fc.Arbitrary<unknown> => {
  const min = numberOf(schema["minimum"], numberOf(schema["exclusiveMinimum"], -1000))
  const max = numberOf(schema["maximum"], numberOf(schema["exclusiveMaximum"], min + 2000))
  return schema["type"] === "integer"
    ? fc.integer({ min: Math.ceil(min), max: Math.floor(max) })
    : fc.double({ min, max, noNaN: true })
}

/** What properties of these names are likely to hold, beside what their schemas allow: without them hardly any request would be accepted. */
const likely: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  url: fc.constantFrom(
    "rtsp://192.0.2.1/stream",
    "rtsps://user:secret@192.0.2.2:322/a?b=c",
    "http://192.0.2.3/video.mjpg",
    "whip:"
  ),
  password: fc.constantFrom("correct horse battery", "another long pass phrase", "short"),
  analytics: fc.constant([])
}

const propertyOf = (document: JsonObject, name: string, schema: unknown, depth: number): fc.Arbitrary<unknown> => {
  const allowed = arbitraryOf(document, schema, depth)
  const hint = likely[name]
  return hint === undefined ? allowed : fc.oneof({ weight: 4, arbitrary: hint }, { weight: 1, arbitrary: allowed })
}

const objectsOf = (document: JsonObject, schema: JsonObject, depth: number): fc.Arbitrary<unknown> => {
  const required = new Set(listOf(schema["required"]))
  const properties = Object.entries(objectOf(schema["properties"]))
  const shape = Object.fromEntries(properties.map(([name, property]) => [name, propertyOf(document, name, property, depth + 1)]))
  return fc.record(shape, { requiredKeys: properties.map(([name]) => name).filter((name) => required.has(name)) })
}

/** Values that a JSON Schema of the document allows, as far as it says so: what is not understood may be any JSON. */
export const arbitraryOf = (document: JsonObject, from: unknown, depth = 0): fc.Arbitrary<unknown> => {
  const schema = resolved(document, from)
  if (depth > 6) return fc.constant(null)
  const choices = [...listOf(schema["anyOf"]), ...listOf(schema["oneOf"])]
  if (choices.length > 0) return fc.oneof(...choices.map((choice) => arbitraryOf(document, choice, depth + 1)))
  const constants = "const" in schema ? [schema["const"]] : listOf(schema["enum"])
  if (constants.length > 0) return fc.constantFrom(...constants)
  switch (schema["type"]) {
    case "string":
      return stringOf(schema)
    case "integer":
    case "number":
      return numbersOf(schema)
    case "boolean":
      return fc.boolean()
    case "null":
      return fc.constant(null)
    case "array": {
      const minLength = numberOf(schema["minItems"], 0)
      return fc.array(arbitraryOf(document, schema["items"], depth + 1), { minLength, maxLength: minLength + 3 })
    }
    case "object":
      return objectsOf(document, schema, depth)
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}

/** The value with something in it replaced by what does not belong there. */
export const damaged = (value: unknown): fc.Arbitrary<unknown> => {
  if (!isObject(value) || Object.keys(value).length === 0) return hostile
  return fc
    .tuple(fc.constantFrom(...Object.keys(value)), hostile, fc.nat(3))
    .chain(([key, bad, way]) =>
      way === 0
        ? fc.constant({ ...value, unknownField: bad })
        : way === 1
          ? damaged(value[key]).map((inner) => ({ ...value, [key]: inner }))
          : fc.constant({ ...value, [key]: bad })
    )
}
