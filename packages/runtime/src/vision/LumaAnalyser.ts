import type { BoundingBox, Size } from "@vigil/core/geometry/BoundingBox"
import type { Zone } from "@vigil/core/geometry/Zone"
import type { FrameInfo, LumaObservation } from "@vigil/core/Observation"
import type { MediaTime } from "@vigil/core/Time"
import { makeBackgroundModel } from "./BackgroundModel.js"
import { makeEdgeMap } from "./EdgeMap.js"
import { measureLuma } from "./LumaStatistics.js"
import { motionMask } from "./MotionMask.js"
import { makeRegionFinder } from "./MovingRegions.js"

export interface LumaOptions {
  /** Size of the planes, at most 320x240. */
  readonly plane: Size
  readonly ignored: ReadonlyArray<Zone>
  /** 0 (only strong changes) to 1. */
  readonly sensitivity: number
}

/** Watches one camera's luma planes of one size, in the order of presentation. About 0.6 ms for a plane of 320x240. */
export interface LumaAnalyser {
  readonly analyse: (plane: Uint8Array, frame: FrameInfo) => LumaObservation
}

/** Gaps and steps of the media time count as this many seconds at the most. */
const longestStep = 10

/** The largest size of the source's shape within 320x240, never larger than the source; a multiple of 4 wide, at least 16x16. */
export const lumaSize = ({ height, width }: Size): Size => {
  const scale = Math.min(1, 320 / width, 240 / height)
  return { width: Math.max(16, Math.round((width * scale) / 4) * 4), height: Math.max(16, Math.round(height * scale)) }
}

const secondsBetween = (earlier: MediaTime | undefined, later: MediaTime): number => {
  if (earlier === undefined) return 0
  const seconds = (later - earlier) / 1_000_000
  return seconds > 0 ? Math.min(longestStep, seconds) : 0
}

export const makeLumaAnalyser = ({ ignored, plane: { height, width }, sensitivity }: LumaOptions): LumaAnalyser => {
  const mask = motionMask(width, height, ignored)
  const unmasked = Math.max(
    1,
    mask.reduce((sum, value) => sum + value, 0)
  )
  const background = makeBackgroundModel({ mask, sensitivity })
  const edges = makeEdgeMap(width, height)
  const regions = makeRegionFinder(width, height)
  const previous = new Uint8Array(width * height)
  let previousTime: MediaTime | undefined

  return {
    analyse: (plane, frame) => {
      const seconds = secondsBetween(previousTime, frame.mediaTime)
      const statistics = measureLuma(plane, width, height, previousTime === undefined ? undefined : previous)
      const { changed, settled } = background.update(plane, seconds)
      const edgesKept = edges.kept(plane)
      const moving = settled && changed > 0 ? regions.find(background.foreground) : []
      if (settled && moving.length === 0) edges.learn(background.mean, edgesKept, seconds)
      previous.set(plane)
      previousTime = frame.mediaTime
      return {
        _tag: "Luma",
        frame,
        ...statistics,
        edgesKept,
        motion: { area: changed / unmasked, regions: moving.map((box) => inSource(box, frame.size, width, height)), settled }
      }
    }
  }
}

const inSource = (box: BoundingBox, source: Size, width: number, height: number): BoundingBox => {
  const across = source.width / width
  const down = source.height / height
  return { x: box.x * across, y: box.y * down, width: box.width * across, height: box.height * down }
}
