import type { Finding } from "./Analytic.js"
import type { MediaTime } from "./Time.js"

/** When findings become an event. Times in milliseconds. */
export interface EventRule {
  /** Findings less confident than this do not count, 0..1. */
  readonly threshold: number
  /** How long a happening must last before it is an event. */
  readonly minimumDuration: number
  /** After an event of a key, further ones of the same key within this time are the same event. */
  readonly cooldown: number
}

/** A happening that is being watched. */
interface Candidate {
  readonly first: Finding
  readonly best: Finding
  readonly last: MediaTime
  readonly announced: boolean
}

export interface EventPipelineState {
  readonly candidates: ReadonlyMap<string, Candidate>
  /** Media time at which each key was last seen after it had become an event. */
  readonly announced: ReadonlyMap<string, MediaTime>
}

/** A happening that has lasted long enough: it began with `first`, and `best` is its most confident finding so far. */
export interface EventDraft {
  readonly first: Finding
  readonly best: Finding
}

/** A happening that is not found for longer than this has ended; detectors miss an object for some frames. Microseconds. */
const patience = 2_000_000
/** Happenings and remembered keys that one analytic of one camera may have at a time; the oldest give way. */
const largest = 256

export const initial: EventPipelineState = { candidates: new Map(), announced: new Map() }

const prune = (state: EventPipelineState, now: MediaTime, rule: EventRule): EventPipelineState => {
  const candidates = new Map(state.candidates)
  const announced = new Map(state.announced)
  for (const [key, candidate] of candidates) if (now - candidate.last > patience) candidates.delete(key)
  for (const [key, at] of announced) if (now - at > rule.cooldown * 1000) announced.delete(key)
  for (const map of [candidates, announced]) {
    for (const key of map.keys()) {
      if (map.size <= largest) break
      map.delete(key)
    }
  }
  return { candidates, announced }
}

/**
 * Turns one analytic's findings of one moment into events: threshold, persistence, de-duplication. A happening gives one event however
 * long it lasts; what stops and starts again within the cooldown is the same happening.
 */
export const step = (
  state: EventPipelineState,
  now: MediaTime,
  findings: ReadonlyArray<Finding>,
  rule: EventRule
): readonly [EventPipelineState, ReadonlyArray<EventDraft>] => {
  if (findings.length === 0 && state.candidates.size === 0 && state.announced.size === 0) return [state, []]
  const { announced, candidates } = prune(state, now, rule)
  const nextCandidates = new Map(candidates)
  const nextAnnounced = new Map(announced)
  const drafts: Array<EventDraft> = []
  for (const finding of findings) {
    if (finding.confidence < rule.threshold) continue
    const known = nextCandidates.get(finding.key)
    const first = known?.first ?? finding
    const best = known === undefined || finding.confidence > known.best.confidence ? finding : known.best
    const repeated = nextAnnounced.has(finding.key)
    const due = known?.announced !== true && !repeated && finding.mediaTime - first.mediaTime >= rule.minimumDuration * 1000
    if (due) drafts.push({ first, best })
    const isAnnounced = known?.announced === true || due || repeated
    nextCandidates.delete(finding.key)
    nextCandidates.set(finding.key, { first, best, last: finding.mediaTime, announced: isAnnounced })
    if (isAnnounced) nextAnnounced.set(finding.key, finding.mediaTime)
  }
  return [{ candidates: nextCandidates, announced: nextAnnounced }, drafts]
}
