import { type AccessUnit, byteLength } from "@vigil/core/AccessUnit"
import type { SegmentSettings } from "@vigil/core/Camera"
import type { CameraId, Epoch } from "@vigil/core/Ids"
import type { SourceDescription } from "@vigil/core/MediaTrack"
import type { Segment } from "@vigil/core/Segment"
import { initialPlan, type SegmentAction, type SegmentInput, step } from "@vigil/core/SegmentPlanner"
import type { MediaTime } from "@vigil/core/Time"
import type { HubReader } from "../hub/Hub.js"

/** A segment and all its access units, in decoding order, its overlap with the one before included. */
export interface ClosedSegment {
  readonly segment: Segment
  readonly units: ReadonlyArray<AccessUnit>
}

/** Told of the segments that began after it began to listen: of others not all access units are there. */
export interface SegmentListener {
  /** A segment began; `cut` is where the one before ends, its own overlap lies before. */
  readonly onOpened?: (cut: MediaTime) => void
  readonly onClosed: (closed: ClosedSegment) => void
}

/** Cuts a camera's video into segments. Access units are kept only while somebody listens, for one segment and its overlap. */
export interface Segmenter extends HubReader {
  readonly configure: (settings: SegmentSettings) => void
  readonly listen: (listener: SegmentListener) => () => void
  /** Whether a segment is open: without one, none will be closed until the source delivers again. */
  readonly isOpen: () => boolean
  /** Segments closed so far. */
  readonly closed: () => number
}

export const makeSegmenter = (cameraId: CameraId, epoch: Epoch, settings: SegmentSettings): Segmenter => {
  const listeners = new Set<SegmentListener>()
  let plan = initialPlan(cameraId, epoch, settings)
  let units: Array<AccessUnit> = []
  /** All access units of the open segment are there. */
  let whole = false
  let closed = 0

  const perform = (action: SegmentAction) => {
    if (action._tag === "OpenSegment") {
      units = action.back === 0 ? [] : units.slice(-action.back)
      whole = listeners.size > 0 && units.length === action.back
      if (whole) for (const listener of [...listeners]) listener.onOpened?.(action.cut)
      return
    }
    closed++
    const segment = { segment: action.segment, units }
    if (whole) for (const listener of [...listeners]) listener.onClosed(segment)
  }

  const feed = (input: SegmentInput) => {
    const [next, actions] = step(plan, input)
    plan = next
    for (const action of actions) perform(action)
  }

  return {
    onDescription: (description: SourceDescription) => {
      feed({ _tag: "SourceLost" })
      const video = description.tracks.find((track) => track.kind === "video")
      if (video !== undefined) feed({ _tag: "FormatSeen", codec: video.codec, width: video.width, height: video.height })
    },
    onAccessUnit: (unit) => {
      if (unit.kind !== "video") return
      feed({
        _tag: "AccessUnit",
        mediaTime: unit.mediaTime,
        wallTime: unit.wallTime,
        keyframe: unit.keyframe,
        bytes: byteLength(unit)
      })
      if (listeners.size > 0) units.push(unit)
    },
    configure: (next) => feed({ _tag: "SettingsChanged", settings: next }),
    listen: (listener) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        units = []
        whole = false
      }
    },
    isOpen: () => plan.open !== undefined,
    closed: () => closed
  }
}
