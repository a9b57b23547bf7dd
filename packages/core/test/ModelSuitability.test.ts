import { describe, expect, it } from "@effect/vitest"
import { requirementText, streamFacts, unmetRequirements } from "@vigil/core/ModelSuitability"
import * as fc from "effect/FastCheck"

const requirements = { minHeight: 480, minBitrate: 1_000_000, minDuration: 3, overlap: 1 }

describe("what a model needs of a camera", () => {
  it("is named with what it is and what it should be", () => {
    const unmet = unmetRequirements(requirements, { duration: 2, overlap: 0.5 }, { height: 360, bitrate: 512_000 })
    expect(unmet.map(requirementText)).toEqual([
      "needs a picture of 480 lines, and this one has 360",
      "needs 1000 kbit/s, and the stream has 512 kbit/s",
      "needs segments of 3 s, and these have 2 s",
      "needs segments that overlap by 1 s, and these do by 0.5 s"
    ])
  })

  it("is not missed where the stream is not known", () => {
    expect(unmetRequirements(requirements, { duration: 3, overlap: 1 }, {})).toEqual([])
    expect(streamFacts(undefined, 0)).toEqual({ height: undefined, bitrate: undefined })
    const audio = {
      protocol: "RTSP/TCP",
      tracks: [{ kind: "audio" as const, codec: "pcmu" as const, sampleRate: 8000, channels: 1 }]
    }
    expect(streamFacts(audio, 64_000)).toEqual({ height: undefined, bitrate: 64_000 })
  })

  it("is met exactly where nothing is below", () => {
    const figure = fc.integer({ min: 0, max: 10 })
    fc.assert(
      fc.property(fc.tuple(figure, figure, figure, figure), fc.tuple(figure, figure, figure, figure), (needed, found) => {
        const [minHeight, minBitrate, minDuration, overlap] = needed
        const [height, bitrate, duration, overlapping] = found
        const unmet = unmetRequirements(
          { minHeight, minBitrate, minDuration, overlap },
          { duration, overlap: overlapping },
          { height, bitrate }
        )
        expect(unmet.length).toBe(needed.filter((least, at) => (found[at] ?? 0) < least).length)
      })
    )
  })
})
