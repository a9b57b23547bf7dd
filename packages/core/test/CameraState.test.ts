import {
  type CameraAction,
  type CameraInput,
  type CameraMachine,
  CameraState,
  defaultCameraPolicy,
  hasSource,
  initialCamera,
  step
} from "@vigil/core/CameraState"
import { SourceErrorReason } from "@vigil/core/Source"
import { monotonicTime, wallTime } from "@vigil/core/Time"
import { Schema } from "effect"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { share } from "./geometry/arbitraries.js"

const policy = defaultCameraPolicy
const mend: ReadonlyArray<SourceErrorReason> = ["invalid-url", "unsupported", "unauthorized", "not-found"]

/** Runs the machine as the actor does: keeps the clock, the source that is open and the timer that is set. */
class Actor {
  machine: CameraMachine
  time = 0
  source: number | undefined
  timer: { attempt: number; at: number } | undefined
  reported: Array<CameraState["_tag"]> = []
  opened: Array<number> = []
  delays: Array<number> = []

  constructor() {
    this.machine = initialCamera(this.now())
  }

  now() {
    return { monotonic: monotonicTime(this.time), wall: wallTime(1_700_000_000_000 + this.time) }
  }

  send(input: CameraInput, random = 0.5) {
    const [machine, actions] = step(this.machine, input, this.now(), random, policy)
    this.machine = machine
    for (const action of actions) this.perform(action)
  }

  perform(action: CameraAction) {
    switch (action._tag) {
      case "OpenSource":
        if (this.source !== undefined) throw new Error("a second source was opened")
        this.source = action.attempt
        this.opened.push(this.time)
        break
      case "CloseSource":
        if (this.source !== action.attempt) throw new Error("a source was closed that is not open")
        this.source = undefined
        break
      case "ScheduleRetry":
        if (this.timer !== undefined) throw new Error("a second retry was scheduled")
        this.timer = { attempt: action.attempt, at: this.time + action.after }
        this.delays.push(action.after)
        break
      case "CancelRetry":
        if (this.timer !== undefined && this.timer.attempt !== action.attempt) throw new Error("another retry was cancelled")
        this.timer = undefined
        break
      case "Report":
        this.reported.push(action.state._tag)
    }
  }

  pass(milliseconds: number) {
    this.time += milliseconds
    const due = this.timer
    if (due !== undefined && due.at <= this.time) {
      this.timer = undefined
      this.send({ _tag: "RetryDue", attempt: due.attempt })
    }
  }

  /** Time with a tick a second. */
  run(milliseconds: number, each: () => void = () => {}) {
    for (const end = this.time + milliseconds; this.time < end; ) {
      this.pass(Math.min(1000, end - this.time))
      each()
      this.send({ _tag: "Tick" })
    }
  }

  get attempt() {
    return this.machine.attempt
  }

  connect() {
    this.send({ _tag: "Connected", attempt: this.attempt })
  }

  fail(reason: SourceErrorReason) {
    this.send({ _tag: "SourceFailed", attempt: this.attempt, failure: { reason, detail: "as the test wants" } })
  }

  see() {
    this.send({ _tag: "AccessUnitSeen", attempt: this.attempt, at: monotonicTime(this.time) })
  }
}

const enabled = () => {
  const actor = new Actor()
  actor.send({ _tag: "Enabled" })
  return actor
}

describe("CameraState", () => {
  it("connects, streams and is switched off", () => {
    const actor = enabled()
    expect(actor.source).toBe(1)
    actor.connect()
    actor.run(60_000, () => actor.see())
    actor.send({ _tag: "Disabled" })
    expect(actor.source).toBeUndefined()
    expect(actor.reported).toEqual(["Connecting", "Streaming", "Disabled"])
  })

  it("streams when a picture comes before the source says that it is open", () => {
    const actor = enabled()
    actor.see()
    actor.connect()
    expect(actor.reported).toEqual(["Connecting", "Streaming"])
  })

  it("does not take a picture of the source before for one of the new source", () => {
    const actor = enabled()
    actor.pass(5000)
    actor.send({ _tag: "ConfigurationChanged" })
    actor.send({ _tag: "AccessUnitSeen", attempt: 2, at: monotonicTime(4999) })
    expect(actor.machine.state._tag).toBe("Connecting")
  })

  it("stalls, and recovers when pictures come again in time", () => {
    const actor = enabled()
    actor.connect()
    actor.run(policy.stallAfter)
    expect(actor.machine.state._tag).toBe("Stalled")
    actor.send({ _tag: "AccessUnitSeen", attempt: 1, at: monotonicTime(0) })
    expect(actor.machine.state._tag).toBe("Stalled")
    actor.see()
    expect(actor.machine.state._tag).toBe("Streaming")
    expect(actor.source).toBe(1)
  })

  it("gives a silent source up and opens it again", () => {
    const actor = enabled()
    actor.connect()
    actor.run(policy.abandonAfter)
    expect(actor.machine.state).toMatchObject({ _tag: "BackingOff", failure: { reason: "stalled" }, failures: 1 })
    actor.run(2000)
    expect(actor.source).toBe(2)
    expect(actor.machine.state).toMatchObject({ _tag: "Connecting", failures: 1, failure: { reason: "stalled" } })
  })

  it("gives up opening after its limit", () => {
    const actor = enabled()
    actor.run(policy.connectLimit)
    expect(actor.machine.state).toMatchObject({ _tag: "BackingOff", failure: { reason: "timeout" } })
  })

  it("waits longer from failure to failure, up to the cap, and starts anew after it streamed for a while", () => {
    const actor = enabled()
    for (let i = 0; i < 6; i++) {
      actor.fail("unreachable")
      actor.run(policy.backoff.cap)
    }
    expect(actor.delays).toEqual([625, 1125, 2125, 4125, 4125, 4125])
    actor.connect()
    actor.run(policy.healthyAfter - 1000, () => actor.see())
    actor.fail("closed")
    expect(actor.delays.at(-1)).toBe(4125)
    actor.run(policy.backoff.cap)
    actor.connect()
    actor.run(policy.healthyAfter, () => actor.see())
    actor.fail("closed")
    expect(actor.delays.at(-1)).toBe(625)
  })

  it("retries seldom what a retry does not mend, and at once when the configuration changed", () => {
    for (const reason of mend) {
      const actor = enabled()
      actor.fail(reason)
      expect(actor.machine.state).toMatchObject({ _tag: "Failed", failure: { reason } })
      expect(actor.delays).toEqual([reason === "unauthorized" ? 300_000 : 60_000])
      actor.run(59_000)
      expect(actor.opened).toHaveLength(1)
      actor.send({ _tag: "ConfigurationChanged" })
      expect(actor.source).toBe(2)
      expect(actor.machine.state).toMatchObject({ _tag: "Connecting", failures: 0 })
    }
  })

  it("opens anew with a changed configuration and ignores what the old source still says", () => {
    const actor = enabled()
    actor.connect()
    actor.send({ _tag: "ConfigurationChanged" })
    expect(actor.source).toBe(2)
    actor.send({ _tag: "SourceEnded", attempt: 1 })
    actor.send({ _tag: "AccessUnitSeen", attempt: 1, at: monotonicTime(5) })
    expect(actor.machine.state._tag).toBe("Connecting")
  })

  it("retries even when the timer is lost", () => {
    const actor = enabled()
    actor.fail("closed")
    actor.timer = undefined
    actor.run(policy.backoff.cap)
    expect(actor.source).toBe(2)
  })

  it("a state goes through JSON", () => {
    const actor = enabled()
    actor.fail("tls")
    const encoded = JSON.stringify(Schema.encodeSync(CameraState)(actor.machine.state))
    expect(Schema.decodeUnknownSync(CameraState)(JSON.parse(encoded))).toEqual(actor.machine.state)
  })
})

type Move = (actor: Actor) => void

const input = (make: (attempt: number, actor: Actor) => CameraInput): fc.Arbitrary<Move> =>
  fc.record({ stale: fc.integer({ min: 0, max: 2 }), random: share }).map(
    ({ random, stale }) =>
      (actor) =>
        actor.send(make(actor.attempt - stale, actor), random)
  )

const moves: fc.Arbitrary<ReadonlyArray<Move>> = fc.array(
  fc.oneof(
    input(() => ({ _tag: "Enabled" })),
    input(() => ({ _tag: "Disabled" })),
    input(() => ({ _tag: "ConfigurationChanged" })),
    input((attempt) => ({ _tag: "Connected", attempt })),
    input((attempt, actor) => ({ _tag: "AccessUnitSeen", attempt, at: monotonicTime(actor.time) })),
    input((attempt) => ({ _tag: "SourceEnded", attempt })),
    fc.tuple(fc.constantFrom(...SourceErrorReason.literals), fc.integer({ min: 0, max: 2 })).map(
      ([reason, stale]): Move =>
        (actor) =>
          actor.send({ _tag: "SourceFailed", attempt: actor.attempt - stale, failure: { reason, detail: "" } })
    ),
    input((attempt) => ({ _tag: "RetryDue", attempt })),
    input(() => ({ _tag: "Tick" })),
    fc.integer({ min: 1, max: 400_000 }).map(
      (time): Move =>
        (actor) =>
          actor.pass(time)
    )
  ),
  { maxLength: 80 }
)

describe("CameraState over any sequence of inputs", () => {
  it("never has two sources, closes what it opened, and always waits for something", () => {
    fc.assert(
      fc.property(moves, (sequence) => {
        const actor = new Actor()
        for (const move of sequence) {
          move(actor)
          const { state } = actor.machine
          expect(actor.source !== undefined).toBe(hasSource(state))
          expect(actor.source ?? actor.attempt).toBe(actor.attempt)
          const waits = state._tag === "BackingOff" || state._tag === "Failed"
          if (!waits) expect(actor.timer).toBeUndefined()
          if (state._tag === "Disabled") expect(actor.source).toBeUndefined()
          if (waits) {
            expect(mend.includes(state.failure.reason)).toBe(state._tag === "Failed")
            const wait = state.retryAt - state.since
            expect(wait).toBeGreaterThanOrEqual(policy.backoff.floor)
            expect(wait).toBeLessThanOrEqual(policy.slowRetry[state.failure.reason] ?? policy.backoff.cap)
          }
        }
      }),
      { numRuns: 500 }
    )
  })

  it("an enabled camera always streams again once its source works, and a disabled one stays closed", () => {
    fc.assert(
      fc.property(moves, (sequence) => {
        const actor = new Actor()
        for (const move of sequence) move(actor)
        actor.send({ _tag: "Enabled" })
        actor.run(300_000 + policy.connectLimit, () => {
          if (actor.source === undefined) return
          actor.connect()
          actor.see()
        })
        expect(actor.machine.state._tag).toBe("Streaming")
        actor.send({ _tag: "Disabled" })
        actor.run(400_000)
        expect(actor.machine.state._tag).toBe("Disabled")
        expect(actor.source).toBeUndefined()
      }),
      { numRuns: 100 }
    )
  })
})
