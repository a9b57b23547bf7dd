import type { Analytic, Finding } from "@vigil/core/Analytic"
import { AnalyticId } from "@vigil/core/Ids"
import type { LumaObservation } from "@vigil/core/Observation"
import type { MediaTime } from "@vigil/core/Time"
import { Schema } from "effect"
import { milliseconds, share } from "./Settings.js"

const Settings = Schema.Struct({
  minimumDuration: milliseconds(2_000, "How long the picture must be covered, blurred, shifted or dark"),
  freezeAfter: milliseconds(10_000, "How long nothing at all may change before the picture counts as frozen"),
  cooldown: milliseconds(30_000, "After which the same tampering is a new event"),
  sensitivity: share(0.5, "0 needs nearly all of the usual picture to be lost, 1 half of it")
})
type Settings = typeof Settings.Type

type Kind = "blackout" | "cover" | "defocus" | "shift" | "freeze"

/** The usual picture, as exponential averages over about a minute; held still while something is wrong. */
interface Baseline {
  readonly deviation: number
  readonly sharpness: number
  readonly observations: number
}

interface State {
  readonly settings: Settings
  readonly baseline: Baseline | undefined
  readonly changedAt: MediaTime | undefined
  /** What was wrong the last time, and since when; a new scene is learnt after `relearnAfter`. */
  readonly wrongSince: MediaTime | undefined
}

/** Observations before the usual picture is known. */
const learning = 15
const weight = 0.01
/** Microseconds after which a picture that stays different is the new usual one. */
const relearnAfter = 120_000_000

const learn = (baseline: Baseline | undefined, { deviation, sharpness }: LumaObservation): Baseline => {
  if (baseline === undefined) return { deviation, sharpness, observations: 1 }
  const rate = Math.max(weight, 1 / (baseline.observations + 1))
  return {
    deviation: baseline.deviation + (deviation - baseline.deviation) * rate,
    sharpness: baseline.sharpness + (sharpness - baseline.sharpness) * rate,
    observations: baseline.observations + 1
  }
}

/** How much of `usual` is gone, 0..1. */
const lost = (now: number, usual: number) => (usual <= 0 ? 0 : Math.max(0, Math.min(1, 1 - now / usual)))

const diagnose = (observation: LumaObservation, baseline: Baseline, tolerance: number): readonly [Kind, number] | undefined => {
  const { deviation, edgesKept, mean, sharpness } = observation
  const contrastLost = lost(deviation, baseline.deviation)
  const sharpnessLost = lost(sharpness, baseline.sharpness)
  if (mean < 20 && deviation < 6 && baseline.deviation >= 8) return ["blackout", 0.95]
  if (contrastLost > tolerance && sharpnessLost > tolerance && edgesKept < 0.5) return ["cover", contrastLost]
  if (sharpnessLost > tolerance && contrastLost <= tolerance) return ["defocus", sharpnessLost]
  if (edgesKept < 1 - tolerance && sharpnessLost < 0.6 && !observation.motion.settled) return ["shift", 1 - edgesKept]
  if (edgesKept < (1 - tolerance) / 2 && sharpnessLost < 0.6) return ["shift", 1 - edgesKept]
  return undefined
}

const finding = (observation: LumaObservation, kind: Kind, confidence: number): Finding => ({
  eventType: "TAMPERING",
  key: `tamper:${kind}`,
  confidence: Math.max(0.5, Math.min(1, confidence)),
  mediaTime: observation.frame.mediaTime,
  wallTime: observation.frame.wallTime,
  detail: kind
})

const frozen = (state: State, observation: LumaObservation): boolean =>
  state.changedAt !== undefined && observation.frame.mediaTime - state.changedAt >= state.settings.freezeAfter * 1000

/** The camera is covered, out of focus, turned away, dark, or shows a still picture. */
export const Tamper: Analytic<Settings, typeof Settings.Encoded, State> = {
  id: AnalyticId.make("tamper"),
  title: "Camera tampering",
  description:
    "The lens is covered or out of focus, the camera was turned away, the picture is black or does not change any more.",
  priority: "HIGH",
  requirements: { minHeight: 360, minBitrate: 512_000, minDuration: 2, overlap: 0 },
  inputs: ["luma"],
  settings: Settings,
  rule: (settings) => ({ threshold: 0.5, minimumDuration: settings.minimumDuration, cooldown: settings.cooldown }),
  initial: (settings) => ({ settings, baseline: undefined, changedAt: undefined, wrongSince: undefined }),
  step: (state, input) => {
    if (input._tag !== "Luma") return [state, []]
    const { observation } = input
    const now = observation.frame.mediaTime
    const changedAt = observation.difference > 0 || state.changedAt === undefined ? now : state.changedAt
    const seen: State = { ...state, changedAt }
    const { baseline } = state
    if (baseline === undefined || baseline.observations < learning) {
      return [{ ...seen, baseline: learn(baseline, observation) }, []]
    }
    if (frozen(seen, observation)) return [seen, [finding(observation, "freeze", 1)]]
    const diagnosis = diagnose(observation, baseline, 0.9 - 0.4 * state.settings.sensitivity)
    if (diagnosis === undefined) return [{ ...seen, baseline: learn(baseline, observation), wrongSince: undefined }, []]
    const wrongSince = state.wrongSince ?? now
    if (now - wrongSince > relearnAfter) return [{ ...seen, baseline: undefined, wrongSince: undefined }, []]
    return [{ ...seen, wrongSince }, [finding(observation, ...diagnosis)]]
  }
}
