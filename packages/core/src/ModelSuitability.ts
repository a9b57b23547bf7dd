import { Schema } from "effect"
import type { SegmentSettings } from "./Camera.js"
import { AnalyticId, ModelId } from "./Ids.js"
import type { SourceDescription } from "./MediaTrack.js"
import type { ModelRequirements } from "./Model.js"

/** What a model or an analytic needs of a camera and does not get. */
export const UnmetRequirement = Schema.Struct({
  /** `height` in lines of the picture, `bitrate` in bits a second, `duration` and `overlap` of segments in seconds. */
  requirement: Schema.Literal("height", "bitrate", "duration", "overlap"),
  needed: Schema.Number,
  found: Schema.Number
}).annotations({ identifier: "UnmetRequirement" })
export type UnmetRequirement = typeof UnmetRequirement.Type

/** A requirement of the camera's model that its stream does not meet any more. */
export const ModelWarning = Schema.Struct({ model: ModelId, ...UnmetRequirement.fields }).annotations({
  identifier: "ModelWarning"
})
export type ModelWarning = typeof ModelWarning.Type

/** A requirement of one of the camera's analytics that its stream does not meet any more. */
export const AnalyticWarning = Schema.Struct({ analytic: AnalyticId, ...UnmetRequirement.fields }).annotations({
  identifier: "AnalyticWarning"
})
export type AnalyticWarning = typeof AnalyticWarning.Type

/** What is known of a stream. Unknown is not too little. */
export interface StreamFacts {
  readonly height?: number | undefined
  /** Bits a second, over a few seconds at least. */
  readonly bitrate?: number | undefined
}

/** The facts of a stream that is open. */
export const streamFacts = (description: SourceDescription | undefined, bitrate: number): StreamFacts => {
  const video = description?.tracks.find((track) => track.kind === "video")
  return { height: video?.height, bitrate: bitrate > 0 ? bitrate : undefined }
}

/** What of requirements does not hold for a camera that is cut into such segments, as far as its stream is known. */
export const unmetRequirements = (
  { minBitrate, minDuration, minHeight, overlap }: ModelRequirements,
  segment: SegmentSettings,
  { bitrate, height }: StreamFacts
): ReadonlyArray<UnmetRequirement> => {
  const compared: ReadonlyArray<readonly [UnmetRequirement["requirement"], number, number | undefined]> = [
    ["height", minHeight, height],
    ["bitrate", minBitrate, bitrate],
    ["duration", minDuration, segment.duration],
    ["overlap", overlap, segment.overlap]
  ]
  return compared.flatMap(([requirement, needed, found]) =>
    found !== undefined && found < needed ? [{ requirement, needed, found }] : []
  )
}

const kilobits = (bits: number): string => `${Math.round(bits / 1000)} kbit/s`

/** The requirement in words: `needs 480 lines, and the picture has 360`. */
export const requirementText = ({ found, needed, requirement }: UnmetRequirement): string => {
  switch (requirement) {
    case "height":
      return `needs a picture of ${needed} lines, and this one has ${found}`
    case "bitrate":
      return `needs ${kilobits(needed)}, and the stream has ${kilobits(found)}`
    case "duration":
      return `needs segments of ${needed} s, and these have ${found} s`
    case "overlap":
      return `needs segments that overlap by ${needed} s, and these do by ${found} s`
  }
}
