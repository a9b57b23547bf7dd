import { type AccessUnit, byteLength } from "@vigil/core/AccessUnit"
import type { SegmentSettings } from "@vigil/core/Camera"
import type { CameraId, Epoch } from "@vigil/core/Ids"
import type { SourceDescription } from "@vigil/core/MediaTrack"
import type { Segment } from "@vigil/core/Segment"
import { initialPlan, type SegmentAction, type SegmentInput, step } from "@vigil/core/SegmentPlanner"
import type { HubReader } from "../hub/Hub.js"

/** A segment and its access units, in decoding order; the first `back` of them are its overlap. */
export interface ClosedSegment {
  readonly segment: Segment
  readonly units: ReadonlyArray<AccessUnit>
}

export type SegmentListener = (closed: ClosedSegment) => void

/** Cuts a camera's video into segments. Access units are kept only while somebody listens, for one segment and its overlap. */
export interface Segmenter extends HubReader {
  readonly configure: (settings: SegmentSettings) => void
  readonly listen: (listener: SegmentListener) => () => void
  /** Segments closed so far. */
  readonly closed: () => number
}

export const makeSegmenter = (cameraId: CameraId, epoch: Epoch, settings: SegmentSettings): Segmenter => {
  const listeners = new Set<SegmentListener>()
  let plan = initialPlan(cameraId, epoch, settings)
  let units: Array<AccessUnit> = []
  let closed = 0

  const perform = (action: SegmentAction) => {
    if (action._tag === "OpenSegment") {
      units = action.back === 0 ? [] : units.slice(-action.back)
      return
    }
    closed++
    const segment = { segment: action.segment, units }
    for (const listener of listeners) listener(segment)
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
        if (listeners.size === 0) units = []
      }
    },
    closed: () => closed
  }
}
