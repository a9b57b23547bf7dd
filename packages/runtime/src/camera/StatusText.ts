import type { CameraStatus } from "@vigil/core/CameraStatus"
import { SourceDescription } from "@vigil/core/MediaTrack"
import { DateTime, Schema } from "effect"

const encodeDescription = Schema.encodeSync(SourceDescription)
const encoded = new WeakMap<SourceDescription, typeof SourceDescription.Encoded>()

/** A source's description stays for as long as it is open, and is by far the most of a status. */
const descriptionOf = (description: SourceDescription): typeof SourceDescription.Encoded => {
  const known = encoded.get(description)
  if (known !== undefined) return known
  const made = encodeDescription(description)
  encoded.set(description, made)
  return made
}

/** What of a status a watcher wants to hear of again: anything but the time it was made at. */
export const statusFingerprint = ({ description, updatedAt: _, ...status }: CameraStatus): string =>
  JSON.stringify(description === undefined ? status : { ...status, description: descriptionOf(description) })

/**
 * The status with this fingerprint as JSON, as the schema `CameraStatus` encodes it. All but the description and the time of a status is its own encoded form:
 * thousands a second are not taken apart by the schema for that.
 */
export const statusText = (fingerprint: string, { updatedAt }: CameraStatus): string =>
  `${fingerprint.slice(0, -1)},"updatedAt":"${DateTime.formatIso(updatedAt)}"}`
