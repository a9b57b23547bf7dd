/**
 * What people and other systems note of a camera, and Vigil does nothing with.
 *
 * @module
 */
import { Predicate, Schema } from "effect"
import { PlainText, Prose } from "./PlainText.js"

/** Characters of metadata as JSON. */
const mostMetadata = 16_384
const deepest = 8

const isStorableText = Schema.is(Prose(mostMetadata))

/** Whether every database keeps it, and every reader can walk it. */
const isStorable = (value: unknown, depth = 0): boolean => {
  if (Predicate.isString(value)) return isStorableText(value)
  if (Predicate.isNumber(value)) return Number.isFinite(value)
  if (value === null || Predicate.isBoolean(value)) return true
  if (depth === deepest || !Predicate.isObject(value)) return false
  return Object.entries(value).every(([key, part]) => isStorableText(key) && isStorable(part, depth + 1))
}

/** Anything that other systems want to find again with the camera: a JSON object. */
const CameraMetadata = Schema.Record({ key: Schema.String, value: Schema.Unknown })
  .pipe(
    Schema.filter(
      (metadata) =>
        (isStorable(metadata) && JSON.stringify(metadata).length <= mostMetadata) ||
        `Expected JSON of at most ${mostMetadata} characters and ${deepest} levels, without the character NUL`
    )
  )
  .annotations({ identifier: "CameraMetadata" })

export const cameraFacts = {
  /** Where exactly it hangs, in words; the place that it is in is `placeId`. */
  location: Schema.NullOr(PlainText(200)),
  description: Schema.NullOr(Prose(2000)),
  metadata: CameraMetadata
}
