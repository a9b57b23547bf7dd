import { assign } from "./Assignment.js"
import type { Detection } from "./Detection.js"
import type { BoundingBox, Size } from "./geometry/BoundingBox.js"
import { clip, grow, intersectionOverUnion } from "./geometry/BoxGeometry.js"
import { correctMotion, type Motion, predictMotion, startMotion } from "./MotionFilter.js"
import { type MediaTime, mediaTime, toSeconds } from "./Time.js"
import type { Track } from "./Track.js"

/** Times in seconds, confidences and overlaps 0..1. All limits are times, not frames: detections may come 1 to 30 times a second. */
export interface TrackerSettings {
  /** A detection from here on may begin a track. */
  readonly startConfidence: number
  /** Detections from here on are matched first; those below only continue a track that was seen just before. */
  readonly highConfidence: number
  /** Detections below are ignored. */
  readonly lowConfidence: number
  /** A track is confirmed when it was detected at least twice, over at least this time. */
  readonly confirmAfter: number
  /** How long a confirmed track that is not seen is still expected. */
  readonly lostFor: number
  /** The same where it stood still, or nearly: it can only come back where it was. */
  readonly lostForStanding: number
  /** The same for a tentative track, and for one that was about to leave the picture. */
  readonly lostForLeaving: number
  /** Similarity that a pair of track and detection needs. */
  readonly minSimilarity: number
  /** More tracks are not followed. */
  readonly maxTracks: number
  /** More detections in one frame are not looked at, the weakest first. */
  readonly maxDetections: number
}

export const defaultTrackerSettings: TrackerSettings = {
  startConfidence: 0.45,
  highConfidence: 0.4,
  lowConfidence: 0.1,
  confirmAfter: 0.25,
  lostFor: 3,
  lostForStanding: 4,
  lostForLeaving: 0.6,
  minSimilarity: 0.15,
  maxTracks: 200,
  maxDetections: 200
}

/** A track with what its filter knows. */
interface Followed {
  readonly track: Track
  readonly x: Motion
  readonly y: Motion
  readonly width: number
  readonly height: number
  /** Seconds in which the detector looked and did not see it. */
  readonly missed: number
  /** Confidence that detections gave to each label. */
  readonly votes: ReadonlyMap<string, number>
}

export interface TrackerState {
  readonly nextId: number
  readonly at: MediaTime | undefined
  readonly size: Size | undefined
  readonly followed: ReadonlyArray<Followed>
}

export interface TrackerInput {
  readonly at: MediaTime
  readonly size: Size
  readonly detections: ReadonlyArray<Detection>
}

export type TrackerStep = readonly [TrackerState, ReadonlyArray<Track>]

/** Ids count up from 1. */
export const initialTracker: TrackerState = { nextId: 1, at: undefined, size: undefined, followed: [] }

/** Deviation of a measured centre, velocity that a new object may have, noise on its velocity; in lengths of the box. */
const measurementNoise = 0.08
const likelySpeed = 0.8
const accelerationNoise = 0.6

/** Boxes grow by the uncertainty of their place, in lengths of the box at the most by this. */
const uncertaintyLimit = 0.8

/** A track coasts with its velocity for this many seconds at the most, then stays where it is. */
const coastLimit = 2

/** A pause of the detector counts as not seeing for this many seconds at the most: nobody looked. */
const missLimit = 2

/** Similarity that a pair of track and weak detection needs; weak detections only continue what was seen this many seconds ago. */
const weakSimilarity = 0.3
const weakAfter = 0.5

/** Detections that overlap a track of this frame by more are the same object, found twice. */
const duplicateOverlap = 0.5

/** Media time that went back by more (a new connection) begins a new scene. */
const restartLimit = 1_000_000

/** A person never becomes something else; other labels are mixed up by detectors (car, truck and bus), at a price. */
const labelAffinity = (a: string, b: string): number => {
  if (a === b) return 1
  return a === "person" || b === "person" ? 0 : 0.6
}

const lengthOf = (box: { readonly width: number; readonly height: number }): number => Math.max(1, (box.width + box.height) / 2)

const predictedBox = ({ height, width, x, y }: Followed): BoundingBox => ({
  x: x.position - width / 2,
  y: y.position - height / 2,
  width,
  height
})

const speedOf = (one: Followed): number => Math.hypot(one.x.velocity, one.y.velocity) / lengthOf(one)

const predict = (one: Followed, seconds: number): Followed => {
  const coast = Math.min(seconds, Math.max(0, coastLimit - one.missed))
  const acceleration = accelerationNoise * lengthOf(one)
  return { ...one, x: predictMotion(one.x, coast, acceleration), y: predictMotion(one.y, coast, acceleration) }
}

const begin = (id: number, at: MediaTime, { box, confidence, label }: Detection): Followed => {
  const length = lengthOf(box)
  const start = (position: number) => startMotion(position, measurementNoise * length, likelySpeed * length)
  return {
    track: { id, label, confidence, box, velocity: { x: 0, y: 0 }, state: "tentative", firstSeen: at, lastSeen: at, hits: 1 },
    x: start(box.x + box.width / 2),
    y: start(box.y + box.height / 2),
    width: box.width,
    height: box.height,
    missed: 0,
    votes: new Map([[label, confidence]])
  }
}

const mostVoted = (votes: ReadonlyMap<string, number>, label: string): string => {
  let best = label
  for (const [one, vote] of votes) if (vote > (votes.get(best) ?? 0)) best = one
  return best
}

const see = (one: Followed, at: MediaTime, seconds: number, detection: Detection, settings: TrackerSettings): Followed => {
  const { box, confidence } = detection
  const deviation = measurementNoise * lengthOf(box) * (2 - confidence)
  const x = correctMotion(one.x, box.x + box.width / 2, deviation)
  const y = correctMotion(one.y, box.y + box.height / 2, deviation)
  const gain = Math.max(0.4, 1 - Math.exp(-(seconds + one.missed) / 0.2))
  const votes = new Map(one.votes).set(detection.label, (one.votes.get(detection.label) ?? 0) + confidence)
  const hits = one.track.hits + 1
  const confirmed =
    one.track.state !== "tentative" || (hits >= 2 && toSeconds(mediaTime(at - one.track.firstSeen)) >= settings.confirmAfter)
  return {
    track: {
      ...one.track,
      label: mostVoted(votes, one.track.label),
      confidence,
      box,
      velocity: { x: x.velocity, y: y.velocity },
      state: confirmed ? "confirmed" : "tentative",
      lastSeen: at,
      hits
    },
    x,
    y,
    width: one.width + gain * (box.width - one.width),
    height: one.height + gain * (box.height - one.height),
    missed: 0,
    votes
  }
}

/** Whether a track is at the picture's edge and on its way out. */
const isLeaving = (one: Followed, size: Size): boolean => {
  const box = predictedBox(one)
  const still = 0.1 * lengthOf(one)
  const { x, y } = one
  const margin = 0.02
  return (
    (box.x <= margin * size.width && x.velocity < -still) ||
    (box.x + box.width >= (1 - margin) * size.width && x.velocity > still) ||
    (box.y <= margin * size.height && y.velocity < -still) ||
    (box.y + box.height >= (1 - margin) * size.height && y.velocity > still)
  )
}

const isStanding = (one: Followed): boolean => speedOf(one) < 0.15

const expectedFor = (one: Followed, size: Size, settings: TrackerSettings): number => {
  if (one.track.state === "tentative" || isLeaving(one, size)) return settings.lostForLeaving
  return isStanding(one) ? settings.lostForStanding : settings.lostFor
}

/** A track that this frame does not show: its box is where it should be, `undefined` when it is given up. */
const miss = (one: Followed, seconds: number, size: Size, settings: TrackerSettings): Followed | undefined => {
  const missed = one.missed + Math.min(seconds, missLimit)
  if (missed > expectedFor(one, size, settings)) return undefined
  const box = clip(predictedBox(one), size)
  if (box.width <= 0 || box.height <= 0) return undefined
  const state = one.track.state === "tentative" ? "tentative" : "lost"
  return { ...one, missed, track: { ...one.track, state, box } }
}

/**
 * How well a detection fits where a track is expected, 0..1: intersection over union of both boxes, grown by what the filter does not
 * know of the place (as C-BIoU does, Yang et al., WACV 2023), so that slow detectors and lost tracks find their objects too.
 */
const similarity = (one: Followed, at: MediaTime, detection: Detection, settings: TrackerSettings): number => {
  const affinity = labelAffinity(one.track.label, detection.label)
  if (affinity === 0) return 0
  const box = predictedBox(one)
  const unseen = toSeconds(mediaTime(at - one.track.lastSeen))
  if (unseen > settings.lostFor) return affinity * Math.max(0, intersectionOverUnion(box, detection.box) - 0.2)
  const margin = Math.min(Math.sqrt(one.x.pp + one.y.pp), uncertaintyLimit * lengthOf(one))
  const overlap = intersectionOverUnion(grow(box, margin), grow(detection.box, margin))
  return affinity * overlap * (1 - (0.3 * unseen) / settings.lostFor)
}

interface Round {
  readonly at: MediaTime
  readonly followed: ReadonlyArray<Followed>
  readonly detections: ReadonlyArray<Detection>
  readonly minimum: number
}

interface Matches {
  readonly pairs: ReadonlyArray<readonly [Followed, Detection]>
  readonly followed: ReadonlyArray<Followed>
  readonly detections: ReadonlyArray<Detection>
}

/** One stage of the association: who found whom, and who is left over. */
const match = ({ at, detections, followed, minimum }: Round, settings: TrackerSettings): Matches => {
  if (followed.length === 0 || detections.length === 0) return { pairs: [], followed, detections }
  const values = new Float64Array(followed.length * detections.length)
  followed.forEach((one, row) => {
    detections.forEach((detection, column) => {
      const value = similarity(one, at, detection, settings)
      values[row * detections.length + column] = value >= minimum ? value : 0
    })
  })
  const columnOf = assign({ rows: followed.length, columns: detections.length, values })
  const pairs: Array<readonly [Followed, Detection]> = []
  const alone: Array<Followed> = []
  const free = new Set(detections)
  followed.forEach((one, row) => {
    const detection = detections[columnOf[row] ?? -1]
    if (detection === undefined) alone.push(one)
    else {
      pairs.push([one, detection])
      free.delete(detection)
    }
  })
  return { pairs, followed: alone, detections: [...free] }
}

const isUsable = ({ height, width, x, y }: BoundingBox): boolean =>
  width > 0 && height > 0 && Number.isFinite(x + width) && Number.isFinite(y + height)

const isDuplicate = (detection: Detection, seen: ReadonlyArray<Followed>): boolean =>
  seen.some(
    ({ track }) =>
      labelAffinity(track.label, detection.label) > 0 && intersectionOverUnion(track.box, detection.box) > duplicateOverlap
  )

/** Which tracks stay when there are too many: the confirmed ones first, then those that were missed least. */
const byImportance = (a: Followed, b: Followed): number =>
  Number(b.track.state === "confirmed") - Number(a.track.state === "confirmed") || a.missed - b.missed || a.track.id - b.track.id

/**
 * Follows objects from frame to frame: constant-velocity filters and association in two stages, strong detections first, as ByteTrack
 * does (Zhang et al., ECCV 2022). Returns every track that is still expected, also tentative and lost ones, in the order of their
 * ids; what is no longer among them is gone.
 */
export const stepTracker = (
  state: TrackerState,
  { at, detections, size }: TrackerInput,
  settings: TrackerSettings = defaultTrackerSettings
): TrackerStep => {
  const restarts =
    state.at !== undefined &&
    (at < state.at - restartLimit || state.size?.width !== size.width || state.size.height !== size.height)
  const now = restarts || state.at === undefined ? at : mediaTime(Math.max(at, state.at))
  const seconds = restarts || state.at === undefined ? 0 : toSeconds(mediaTime(now - state.at))
  const predicted = restarts ? [] : state.followed.map((one) => predict(one, seconds))

  const usable = detections
    .filter(({ box, confidence }) => confidence >= settings.lowConfidence && isUsable(box))
    .sort((a, b) => b.confidence - a.confidence)
    .slice(0, settings.maxDetections)
  const strong = usable.filter(({ confidence }) => confidence >= settings.highConfidence)
  const weak = usable.filter(({ confidence }) => confidence < settings.highConfidence)
  const known = predicted.filter(({ track }) => track.state !== "tentative")
  const tentative = predicted.filter(({ track }) => track.state === "tentative")

  const first = match({ at: now, followed: known, detections: strong, minimum: settings.minSimilarity }, settings)
  const recent = first.followed.filter(({ missed }) => missed <= weakAfter)
  const second = match({ at: now, followed: recent, detections: weak, minimum: weakSimilarity }, settings)
  const third = match({ at: now, followed: tentative, detections: first.detections, minimum: settings.minSimilarity }, settings)

  const seen = [...first.pairs, ...second.pairs, ...third.pairs].map(([one, detection]) =>
    see(one, now, seconds, detection, settings)
  )
  const longLost = first.followed.filter(({ missed }) => missed > weakAfter)
  const missed = [...longLost, ...second.followed, ...third.followed].flatMap((one) => miss(one, seconds, size, settings) ?? [])

  let nextId = state.nextId
  for (const detection of third.detections) {
    if (detection.confidence < settings.startConfidence || isDuplicate(detection, seen)) continue
    seen.push(begin(nextId++, now, detection))
  }
  const followed = [...seen, ...missed]
    .sort(byImportance)
    .slice(0, settings.maxTracks)
    .sort((a, b) => a.track.id - b.track.id)
  return [{ nextId, at: now, size, followed }, followed.map(({ track }) => track)]
}
