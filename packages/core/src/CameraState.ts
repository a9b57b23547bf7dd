import { Schema } from "effect"
import { type BackoffPolicy, delay } from "./Backoff.js"
import { SourceErrorReason } from "./Source.js"
import { type MonotonicTime, monotonicTime, WallTime, wallTime } from "./Time.js"

/** Why a source was given up. `detail` is one sentence for people, without credentials. */
export const CameraFailure = Schema.Struct({
  reason: SourceErrorReason,
  detail: Schema.String
}).annotations({ identifier: "CameraFailure" })
export type CameraFailure = typeof CameraFailure.Type

const waiting = {
  since: WallTime,
  failure: CameraFailure,
  /** Failures in a row. */
  failures: Schema.Int,
  retryAt: WallTime
}

/** Switched off: no source is open and none will be. */
const Disabled = Schema.TaggedStruct("Disabled", { since: WallTime })

/** The source is being opened. After a failure it names the last one. */
const Connecting = Schema.TaggedStruct("Connecting", {
  since: WallTime,
  failures: Schema.Int,
  failure: Schema.optional(CameraFailure)
})

/** The source is open, and pictures arrive or the first one is awaited. */
const Streaming = Schema.TaggedStruct("Streaming", { since: WallTime })

/** The source is open, but no picture has come for a while; it is given up soon. */
const Stalled = Schema.TaggedStruct("Stalled", { since: WallTime })

/** The source was lost for a reason that may pass by itself; it is opened again at `retryAt`. */
const BackingOff = Schema.TaggedStruct("BackingOff", waiting)

/** The source was refused for a reason that somebody has to mend; it is tried again seldom, at `retryAt`, or when the configuration changes. */
const Failed = Schema.TaggedStruct("Failed", waiting)

/** What a camera is doing, as operators see it. */
export const CameraState = Schema.Union(Disabled, Connecting, Streaming, Stalled, BackingOff, Failed).annotations({
  identifier: "CameraState"
})
export type CameraState = typeof CameraState.Type

/** Times in milliseconds. */
export interface CameraPolicy {
  /** How long opening a source may take before it counts as `timeout`. */
  readonly connectLimit: number
  /** How long no access unit may come before the camera counts as stalled. */
  readonly stallAfter: number
  /** How long no access unit may come before the source is given up. Not less than `stallAfter`. */
  readonly abandonAfter: number
  /** How long a camera must stream before its earlier failures are forgotten. */
  readonly healthyAfter: number
  readonly backoff: BackoffPolicy
  /** Waits after failures that a retry does not mend; `unauthorized` is the longest, so that no account is locked out. */
  readonly slowRetry: Readonly<Partial<Record<SourceErrorReason, number>>>
}

/**
 * A camera whose fault is over streams again within 15 s: the attempt that hangs at that moment runs into its limit (5 s a request of
 * RTSP), then comes the longest wait, then the time that connecting takes.
 */
export const defaultCameraPolicy: CameraPolicy = {
  connectLimit: 20_000,
  stallAfter: 5_000,
  abandonAfter: 10_000,
  healthyAfter: 10_000,
  backoff: { base: 1_000, cap: 8_000, factor: 2, floor: 250 },
  slowRetry: { "invalid-url": 60_000, unsupported: 60_000, "not-found": 60_000, unauthorized: 300_000 }
}

/** A state and what the machine has to remember beside it. `attempt` numbers the sources that were opened, from 1. */
export interface CameraMachine {
  readonly state: CameraState
  readonly attempt: number
  readonly failures: number
  /** While a source is open: when it was opened, or its newest access unit came. */
  readonly progress: MonotonicTime
  /** When the present state was entered. */
  readonly entered: MonotonicTime
  /** While waiting: when the source is opened again. */
  readonly retryAt: MonotonicTime
}

export interface Now {
  readonly monotonic: MonotonicTime
  readonly wall: WallTime
}

/**
 * What happens to a camera. Inputs that belong to a source or a timer carry its attempt: what comes late from one that is gone is
 * ignored. `Tick` is due about once a second; it finds stalls, and retries whose timer was lost. `AccessUnitSeen` need not be sent for
 * every access unit: the newest one before each tick is enough.
 */
export type CameraInput =
  | { readonly _tag: "Enabled" }
  | { readonly _tag: "Disabled" }
  | { readonly _tag: "ConfigurationChanged" }
  | { readonly _tag: "Connected"; readonly attempt: number }
  | { readonly _tag: "AccessUnitSeen"; readonly attempt: number; readonly at: MonotonicTime }
  | { readonly _tag: "SourceEnded"; readonly attempt: number }
  | { readonly _tag: "SourceFailed"; readonly attempt: number; readonly failure: CameraFailure }
  | { readonly _tag: "RetryDue"; readonly attempt: number }
  | { readonly _tag: "Tick" }

/**
 * What the actor has to do, in this order. A source counts as open from `OpenSource` until `CloseSource` of the same attempt, which
 * always comes, also after it ended or failed. `ScheduleRetry` asks for `RetryDue` with its attempt after so many milliseconds;
 * `CancelRetry` may come for a timer that has fired already.
 */
export type CameraAction =
  | { readonly _tag: "OpenSource"; readonly attempt: number }
  | { readonly _tag: "CloseSource"; readonly attempt: number }
  | { readonly _tag: "ScheduleRetry"; readonly attempt: number; readonly after: number }
  | { readonly _tag: "CancelRetry"; readonly attempt: number }
  | { readonly _tag: "Report"; readonly state: CameraState }

export type CameraStep = readonly [CameraMachine, ReadonlyArray<CameraAction>]

const nothing: ReadonlyArray<CameraAction> = []

/** A camera before it is enabled. */
export const initialCamera = (now: Now): CameraMachine => ({
  state: { _tag: "Disabled", since: now.wall },
  attempt: 0,
  failures: 0,
  progress: now.monotonic,
  entered: now.monotonic,
  retryAt: now.monotonic
})

/** Whether a source is open (or being opened) in this state. */
export const hasSource = (state: CameraState): boolean =>
  state._tag === "Connecting" || state._tag === "Streaming" || state._tag === "Stalled"

const isWaiting = (state: CameraState): boolean => state._tag === "BackingOff" || state._tag === "Failed"

/**
 * One step of a camera's life. Pure: `random` (0..1) spreads the retries, `now` is read once by the caller.
 */
export const step = (
  before: CameraMachine,
  input: CameraInput,
  now: Now,
  random: number,
  policy: CameraPolicy = defaultCameraPolicy
): CameraStep => {
  const machine = forgetFailures(before, now, policy)
  switch (input._tag) {
    case "Enabled":
      return machine.state._tag === "Disabled" ? open({ ...machine, failures: 0 }, now) : [machine, nothing]
    case "Disabled":
      return machine.state._tag === "Disabled"
        ? [machine, nothing]
        : enter(machine, { _tag: "Disabled", since: now.wall }, now, release(machine))
    case "ConfigurationChanged":
      return machine.state._tag === "Disabled" ? [machine, nothing] : open({ ...machine, failures: 0 }, now)
    case "RetryDue":
      return isWaiting(machine.state) && input.attempt === machine.attempt ? open(machine, now) : [machine, nothing]
    case "Tick":
      return tick(machine, now, random, policy)
    default:
      return hasSource(machine.state) && input.attempt === machine.attempt
        ? fromSource(machine, input, now, random, policy)
        : [machine, nothing]
  }
}

const forgetFailures = (machine: CameraMachine, now: Now, policy: CameraPolicy): CameraMachine =>
  machine.failures > 0 && machine.state._tag === "Streaming" && now.monotonic - machine.entered >= policy.healthyAfter
    ? { ...machine, failures: 0 }
    : machine

type SourceInput = Extract<CameraInput, { readonly _tag: "Connected" | "AccessUnitSeen" | "SourceEnded" | "SourceFailed" }>

const fromSource = (machine: CameraMachine, input: SourceInput, now: Now, random: number, policy: CameraPolicy): CameraStep => {
  switch (input._tag) {
    case "Connected":
      return machine.state._tag === "Connecting" ? stream({ ...machine, progress: now.monotonic }, now) : [machine, nothing]
    case "AccessUnitSeen": {
      const seen = input.at > machine.progress ? { ...machine, progress: input.at } : machine
      const opened = machine.state._tag === "Connecting" && input.at >= machine.progress
      const arrives = opened || (machine.state._tag === "Stalled" && seen !== machine)
      return arrives ? stream(seen, now) : [seen, nothing]
    }
    case "SourceEnded":
      return giveUp(machine, { reason: "closed", detail: "the source came to its end" }, now, random, policy)
    case "SourceFailed":
      return giveUp(machine, input.failure, now, random, policy)
  }
}

const tick = (machine: CameraMachine, now: Now, random: number, policy: CameraPolicy): CameraStep => {
  const { state } = machine
  const silent = now.monotonic - machine.progress
  switch (state._tag) {
    case "Disabled":
      return [machine, nothing]
    case "BackingOff":
    case "Failed":
      return now.monotonic >= machine.retryAt ? open(machine, now) : [machine, nothing]
    case "Connecting":
      return silent >= policy.connectLimit
        ? giveUp(machine, { reason: "timeout", detail: `not open after ${policy.connectLimit} ms` }, now, random, policy)
        : [machine, nothing]
    case "Stalled":
      return silent >= policy.abandonAfter
        ? giveUp(machine, { reason: "stalled", detail: `no picture for ${Math.round(silent)} ms` }, now, random, policy)
        : [machine, nothing]
    case "Streaming":
      return silent >= policy.stallAfter ? enter(machine, { _tag: "Stalled", since: now.wall }, now, nothing) : [machine, nothing]
  }
}

const enter = (machine: CameraMachine, state: CameraState, now: Now, first: ReadonlyArray<CameraAction>): CameraStep => [
  { ...machine, state, entered: now.monotonic },
  [...first, { _tag: "Report", state }]
]

/** What ends the present state's source or timer. */
const release = (machine: CameraMachine): ReadonlyArray<CameraAction> => {
  if (hasSource(machine.state)) return [{ _tag: "CloseSource", attempt: machine.attempt }]
  return isWaiting(machine.state) ? [{ _tag: "CancelRetry", attempt: machine.attempt }] : nothing
}

const open = (machine: CameraMachine, now: Now): CameraStep => {
  const attempt = machine.attempt + 1
  const { state } = machine
  const known = machine.failures > 0 && "failure" in state ? state.failure : undefined
  return enter(
    { ...machine, attempt, progress: now.monotonic },
    { _tag: "Connecting", since: now.wall, failures: machine.failures, ...(known === undefined ? {} : { failure: known }) },
    now,
    [...release(machine), { _tag: "OpenSource", attempt }]
  )
}

const stream = (machine: CameraMachine, now: Now): CameraStep =>
  enter(machine, { _tag: "Streaming", since: now.wall }, now, nothing)

const giveUp = (machine: CameraMachine, failure: CameraFailure, now: Now, random: number, policy: CameraPolicy): CameraStep => {
  const failures = machine.failures + 1
  const slow = policy.slowRetry[failure.reason]
  const after = slow ?? delay(policy.backoff, failures, random)
  const wait = { since: now.wall, failure, failures, retryAt: wallTime(now.wall + after) }
  return enter(
    { ...machine, failures, retryAt: monotonicTime(now.monotonic + after) },
    slow === undefined ? { _tag: "BackingOff", ...wait } : { _tag: "Failed", ...wait },
    now,
    [
      { _tag: "CloseSource", attempt: machine.attempt },
      { _tag: "ScheduleRetry", attempt: machine.attempt, after }
    ]
  )
}
