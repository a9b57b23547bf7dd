import type { SegmentSettings } from "./Camera.js"
import type { CameraId, Epoch } from "./Ids.js"
import type { VideoCodec } from "./MediaTrack.js"
import type { Segment } from "./Segment.js"
import { type MediaTime, mediaTime, toSeconds, type WallTime } from "./Time.js"

/** A place in the stream where decoding can start; counts are of everything before it since the stream began or broke off. */
interface Mark {
  readonly mediaTime: MediaTime
  readonly wallTime: WallTime
  readonly frames: number
  readonly bytes: number
  readonly keyframes: number
}

interface OpenSegment {
  readonly sequence: number
  readonly first: Mark
  readonly startsAtKeyframe: boolean
  /** Where its own part begins, after the overlap. */
  readonly cut: MediaTime
}

interface Format {
  readonly codec: VideoCodec
  readonly width?: number | undefined
  readonly height?: number | undefined
}

/**
 * Where the cutting of one camera's video stands. Holds no video, and at most {@link maxMarks} marks: the key frames of the time that an
 * overlap can reach back.
 */
export interface SegmentPlan {
  readonly cameraId: CameraId
  readonly epoch: Epoch
  readonly settings: SegmentSettings
  readonly format: Format | undefined
  /** Of the next segment. */
  readonly sequence: number
  readonly open: OpenSegment | undefined
  readonly marks: ReadonlyArray<Mark>
  /** Since the stream began or broke off. */
  readonly frames: number
  readonly bytes: number
  readonly keyframes: number
  /** The greatest presentation time so far. */
  readonly newest: MediaTime
  /** Access units that belong to no segment: those before the first key frame after the stream began or broke off. */
  readonly skipped: number
}

/** One video access unit, in decoding order. */
export interface PlannedUnit {
  readonly mediaTime: MediaTime
  readonly wallTime: WallTime
  readonly keyframe: boolean
  readonly bytes: number
}

export type SegmentInput =
  | ({ readonly _tag: "AccessUnit" } & PlannedUnit)
  /** What the source says of its video; said again when it becomes more precise, or changes. */
  | ({ readonly _tag: "FormatSeen" } & Format)
  /** The source ended, was lost or closed: what comes next is another stream. */
  | { readonly _tag: "SourceLost" }
  /** Holds from the next cut on. */
  | { readonly _tag: "SettingsChanged"; readonly settings: SegmentSettings }

/**
 * What to do before the access unit of the step is handed on. Every access unit belongs to the segment that is open after its step, and
 * to later ones whose overlap reaches back to it. `OpenSegment` begins with the `back` access units before this one, which start at
 * `start`; its own part begins with this one, at `cut`.
 */
export type SegmentAction =
  | { readonly _tag: "CloseSegment"; readonly segment: Segment }
  | {
      readonly _tag: "OpenSegment"
      readonly sequence: number
      readonly start: MediaTime
      readonly cut: MediaTime
      readonly back: number
    }

export type SegmentStep = readonly [SegmentPlan, ReadonlyArray<SegmentAction>]

/** Own parts of segments are at least and at most this long, where the camera's key frames allow it. */
const minDuration = mediaTime(1_000_000)
const maxDuration = mediaTime(10_000_000)

/** An overlap reaches at most this far beyond what was asked for to find a key frame: with 5 s of overlap 15 s of video. */
const maxReach = mediaTime(10_000_000)

/** More key frames than this within an overlap are not remembered; 60 a second for 5 s are 300. */
export const maxMarks = 512

/** A key frame this much before its time is taken: cameras do not keep their time to the microsecond. */
const tolerance = 50_000

/** Presentation times of pictures out of order go back by less than this, a clock that jumps by more. */
const reorderLimit = 1_000_000

/** A hole this long, and four pictures long, means that the stream broke off. */
const gapLimit = 3_000_000

const nothing: ReadonlyArray<SegmentAction> = []

/** `sequence` is the first to be given out: 0 in a new epoch. */
export const initialPlan = (cameraId: CameraId, epoch: Epoch, settings: SegmentSettings, sequence = 0): SegmentPlan => ({
  cameraId,
  epoch,
  settings,
  format: undefined,
  sequence,
  open: undefined,
  marks: [],
  frames: 0,
  bytes: 0,
  keyframes: 0,
  newest: mediaTime(0),
  skipped: 0
})

/** Cuts the stream into segments, one input at a time. */
export const step = (plan: SegmentPlan, input: SegmentInput): SegmentStep => {
  switch (input._tag) {
    case "AccessUnit":
      return onAccessUnit(plan, input)
    case "FormatSeen":
      return onFormat(plan, input)
    case "SourceLost":
      return breakOff(plan)
    case "SettingsChanged":
      return [{ ...plan, settings: input.settings }, nothing]
  }
}

const onFormat = (plan: SegmentPlan, { codec, height, width }: Format): SegmentStep => {
  const known = plan.format
  const differs = (before: number | undefined, now: number | undefined) =>
    before !== undefined && now !== undefined && before !== now
  const changed = known !== undefined && (known.codec !== codec || differs(known.width, width) || differs(known.height, height))
  const [next, actions] = changed ? breakOff(plan) : [plan, nothing]
  const format = changed ? { codec, width, height } : { codec, width: width ?? known?.width, height: height ?? known?.height }
  return [{ ...next, format }, actions]
}

const onAccessUnit = (plan: SegmentPlan, unit: PlannedUnit): SegmentStep => {
  if (plan.open !== undefined && jumps(plan, plan.open, unit)) {
    const [broken, closed] = breakOff(plan)
    const [next, opened] = onAccessUnit(broken, unit)
    return [next, [...closed, ...opened]]
  }
  if (plan.open === undefined) {
    return unit.keyframe ? openAt(plan, unit, nothing) : [{ ...plan, skipped: plan.skipped + 1 }, nothing]
  }
  return isCut(plan, plan.open, unit)
    ? openAt(plan, unit, [{ _tag: "CloseSegment", segment: close(plan, plan.open, unit.mediaTime, false) }])
    : [take(plan, unit), nothing]
}

/** Mean time between the pictures of the open segment, 0 for the first one. */
const frameInterval = (plan: SegmentPlan, open: OpenSegment): number => {
  const intervals = plan.frames - open.first.frames - 1
  return intervals > 0 ? Math.max(0, plan.newest - open.first.mediaTime) / intervals : 0
}

const jumps = (plan: SegmentPlan, open: OpenSegment, unit: PlannedUnit): boolean => {
  const ahead = unit.mediaTime - plan.newest
  return ahead < -reorderLimit || ahead > Math.max(gapLimit, 4 * frameInterval(plan, open))
}

const isCut = (plan: SegmentPlan, open: OpenSegment, unit: PlannedUnit): boolean => {
  const own = unit.mediaTime - open.cut
  if (!unit.keyframe) return own >= maxDuration
  if (own >= plan.settings.duration * 1_000_000 - tolerance) return true
  const previous = plan.marks.at(-1)
  const untilNext = previous === undefined ? 0 : unit.mediaTime - previous.mediaTime
  return own >= minDuration - tolerance && own + untilNext > maxDuration + tolerance
}

const markOf = (plan: SegmentPlan, unit: PlannedUnit): Mark => ({
  mediaTime: unit.mediaTime,
  wallTime: unit.wallTime,
  frames: plan.frames,
  bytes: plan.bytes,
  keyframes: plan.keyframes
})

/** Counts an access unit, and remembers a key frame for as long as an overlap may need it. */
const take = (plan: SegmentPlan, unit: PlannedUnit): SegmentPlan => {
  const newest = mediaTime(Math.max(unit.mediaTime, plan.newest))
  const counted = { ...plan, newest, frames: plan.frames + 1, bytes: plan.bytes + unit.bytes }
  if (!unit.keyframe) return counted
  const marks = [...plan.marks, markOf(plan, unit)]
  const needed = marks.findLastIndex((mark) => mark.mediaTime <= newest - plan.settings.overlap * 1_000_000 + tolerance)
  return { ...counted, keyframes: plan.keyframes + 1, marks: marks.slice(Math.max(0, needed, marks.length - maxMarks)) }
}

/** The key frame with which a segment that is cut at `unit` begins; `undefined` where none is in reach. */
const findStart = (plan: SegmentPlan, unit: PlannedUnit): Mark | undefined => {
  const wanted = unit.mediaTime - plan.settings.overlap * 1_000_000
  const candidates = unit.keyframe ? [...plan.marks, markOf(plan, unit)] : plan.marks
  const inReach = candidates.filter((mark) => mark.mediaTime >= wanted - maxReach)
  return inReach.findLast((mark) => mark.mediaTime <= wanted + tolerance) ?? inReach[0]
}

const openAt = (plan: SegmentPlan, unit: PlannedUnit, closed: ReadonlyArray<SegmentAction>): SegmentStep => {
  const start = findStart(plan, unit)
  const first = start ?? markOf(plan, unit)
  const open: OpenSegment = { sequence: plan.sequence, first, startsAtKeyframe: start !== undefined, cut: unit.mediaTime }
  const action: SegmentAction = {
    _tag: "OpenSegment",
    sequence: plan.sequence,
    start: first.mediaTime,
    cut: unit.mediaTime,
    back: plan.frames - first.frames
  }
  const began = plan.frames === 0 ? { ...plan, newest: unit.mediaTime } : plan
  return [{ ...take(began, unit), sequence: plan.sequence + 1, open }, [...closed, action]]
}

const close = (plan: SegmentPlan, open: OpenSegment, end: MediaTime, discontinuity: boolean): Segment => {
  const { first } = open
  const frameCount = plan.frames - first.frames
  const bytes = plan.bytes - first.bytes
  const duration = Math.max(0, toSeconds(mediaTime(end - first.mediaTime)))
  const { codec, height, width } = plan.format ?? { codec: "unknown" }
  return {
    cameraId: plan.cameraId,
    epoch: plan.epoch,
    sequence: open.sequence,
    start: first.mediaTime,
    end,
    startWallTime: first.wallTime,
    duration,
    overlap: Math.max(0, toSeconds(mediaTime(open.cut - first.mediaTime))),
    frameCount,
    bytes,
    keyframes: plan.keyframes - first.keyframes,
    startsAtKeyframe: open.startsAtKeyframe,
    discontinuity,
    sourceQuality: {
      resolution: width === undefined || height === undefined ? "unknown" : `${width}x${height}`,
      bitrate: duration > 0 ? (bytes * 8) / duration : 0,
      fps: duration > 0 ? frameCount / duration : 0,
      codec
    }
  }
}

/** Closes the open segment where its last picture ends and forgets the stream, so that nothing overlaps what comes next. */
const breakOff = (plan: SegmentPlan): SegmentStep => {
  const fresh = { ...plan, open: undefined, marks: [], frames: 0, bytes: 0, keyframes: 0 }
  if (plan.open === undefined) return [fresh, nothing]
  const end = mediaTime(plan.newest + frameInterval(plan, plan.open))
  return [fresh, [{ _tag: "CloseSegment", segment: close(plan, plan.open, end, true) }]]
}
