import {
  defaultSupervisionPolicy as policy,
  healthOf,
  initialSupervision,
  supervise,
  type Supervision,
  type SupervisionAction,
  type SupervisionInput
} from "@vigil/core/CameraSupervision"
import { ceiling } from "@vigil/core/Backoff"
import { monotonicTime } from "@vigil/core/Time"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

/** Runs the machine as the manager does, and keeps what it was told to do. */
class Manager {
  state: Supervision = initialSupervision(monotonicTime(0))
  time = 0
  actions: Array<SupervisionAction & { readonly at: number }> = []

  send(input: SupervisionInput, random = 0.5) {
    const [next, actions] = supervise(this.state, input, monotonicTime(this.time), random, policy)
    this.state = next
    for (const action of actions) this.actions.push({ ...action, at: this.time })
    return actions
  }

  see(status: Supervision["workerStatus"], random?: number) {
    return this.send({ _tag: "Seen", status }, random)
  }

  fail(mendedBy: "restart" | "person" = "restart") {
    return this.send({ _tag: "Failed", error: `unreachable at ${this.time}`, mendedBy })
  }

  /** A camera that never comes up: it fails again right after each restart, and its actor tries by itself every eight seconds. */
  failFor(milliseconds: number) {
    const end = this.time + milliseconds
    for (; this.time < end; this.time += 1_000) {
      const restarted = this.see("error").some(({ _tag }) => _tag === "Restart")
      if (restarted || this.time % 8_000 === 0) this.fail()
    }
  }

  runFor(milliseconds: number) {
    const end = this.time + milliseconds
    for (; this.time <= end; this.time += 1_000) this.see("running")
  }

  of<Tag extends SupervisionAction["_tag"]>(tag: Tag) {
    return this.actions.filter(
      (action): action is Extract<SupervisionAction, { _tag: Tag }> & { at: number } => action._tag === tag
    )
  }
}

const anyInput: fc.Arbitrary<SupervisionInput> = fc.oneof(
  fc.record({
    _tag: fc.constant("Seen" as const),
    status: fc.constantFrom("starting" as const, "running" as const, "stopped" as const, "error" as const)
  }),
  fc.record({
    _tag: fc.constant("Failed" as const),
    error: fc.constant("lost"),
    mendedBy: fc.constantFrom("restart" as const, "person" as const)
  })
)

/** What happens, and how many milliseconds after the one before. */
const life = fc.array(fc.tuple(fc.integer({ min: 0, max: 90_000 }), anyInput, fc.float({ min: 0, max: 1, noNaN: true })), {
  maxLength: 200
})

const live = (
  events: ReadonlyArray<readonly [number, SupervisionInput, number]>,
  each: (manager: Manager, before: Supervision) => void
) => {
  const manager = new Manager()
  for (const [after, input, random] of events) {
    manager.time += after
    const before = manager.state
    manager.send(input, random)
    each(manager, before)
  }
  return manager
}

describe("CameraSupervision", () => {
  it("restarts a camera that always fails with growing pauses, then alerts once and leaves it alone", () => {
    const manager = new Manager()
    manager.failFor(600_000)
    const restarts = manager.of("Restart").map(({ at }) => at)
    const pauses = restarts.map((at, index) => at - (restarts[index - 1] ?? 0))
    expect(pauses).toHaveLength(policy.alertAfter - 1)
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b))
    const alerts = manager.of("ReportError").filter(({ alert }) => alert)
    expect(alerts).toHaveLength(1)
    expect(alerts[0]).toMatchObject({ errorCount: policy.alertAfter })
    expect(alerts[0]?.at).toBeLessThan(180_000)
    expect(manager.state.restartAt).toBeUndefined()
    expect(healthOf(manager.state)).toBe("unhealthy")
  })

  it("forgets errors, and reports recovery once, after a minute of running", () => {
    const manager = new Manager()
    manager.failFor(600_000)
    manager.runFor(policy.healthyAfter - 1_000)
    expect(manager.of("ReportRecovery")).toEqual([])
    expect(healthOf(manager.state)).toBe("degraded")
    manager.runFor(policy.healthyAfter)
    expect(manager.of("ReportRecovery")).toHaveLength(1)
    expect(manager.state).toMatchObject({ errorCount: 0, lastError: null, alert: false })
    expect(healthOf(manager.state)).toBe("healthy")
    manager.failFor(600_000)
    expect(manager.of("ReportError").filter(({ alert }) => alert)).toHaveLength(2)
  })

  it("does not restart a camera that came back by itself", () => {
    const manager = new Manager()
    manager.see("error")
    manager.fail()
    manager.time += 2_000
    manager.runFor(30_000)
    expect(manager.of("Restart")).toEqual([])
    expect(manager.state.errorCount).toBe(1)
  })

  it("alerts at once about what only a person can mend, and never tries that again by itself", () => {
    const manager = new Manager()
    manager.see("error")
    manager.fail("person")
    expect(manager.of("ReportError")).toMatchObject([{ errorCount: 1, alert: true }])
    manager.failFor(600_000)
    expect(manager.of("Restart")).toEqual([])
    expect(manager.of("ReportError")).toHaveLength(1)
  })

  it("begins anew when the camera is switched off or changed", () => {
    const manager = new Manager()
    manager.failFor(600_000)
    manager.see("stopped")
    expect(manager.state).toMatchObject({ errorCount: 0, alert: false, lastError: null, restartAt: undefined })
    expect(healthOf(manager.state)).toBe("unknown")
    manager.see("error")
    manager.fail()
    expect(manager.state).toMatchObject({ errorCount: 1, alert: false })
    expect(manager.state.restartAt).toBeDefined()
  })

  it("counts a media worker that dies again and again, although the camera streams in between", () => {
    const manager = new Manager()
    for (let died = 0; died < 60; died++) {
      manager.runFor(4_000)
      manager.fail()
    }
    expect(manager.of("ReportError").filter(({ alert }) => alert)).toHaveLength(1)
    expect(healthOf(manager.state)).toBe("degraded")
  })

  it("whatever happens: alerts once until recovery or a change, restarts nothing that runs, is stopped or alerted", () => {
    fc.assert(
      fc.property(life, (events) => {
        let alerted = false
        live(events, ({ actions, state, time }, before) => {
          for (const action of actions.splice(0)) {
            if (action._tag === "ReportError" && action.alert) {
              expect(alerted).toBe(false)
              alerted = true
            }
            if (action._tag === "ReportRecovery") alerted = false
            if (action._tag === "Restart") {
              expect(before.restartAt).toBeLessThanOrEqual(time)
              expect(alerted).toBe(false)
              expect(["running", "stopped"]).not.toContain(state.workerStatus)
            }
          }
          if (state.workerStatus === "stopped") alerted = false
          expect(state.alert).toBe(alerted)
        })
      })
    )
  })

  it("whatever happens: counts stay within their bounds, and each pause within that of its error", () => {
    fc.assert(
      fc.property(life, (events) => {
        live(events, ({ state, time }, before) => {
          expect(state.errorCount).toBeLessThanOrEqual(policy.alertAfter)
          expect(state.errorCount).toBeLessThanOrEqual(before.errorCount + 1)
          expect(state.lastError === null).toBe(state.errorCount === 0)
          if (state.restartAt !== undefined && state.restartAt !== before.restartAt) {
            expect(state.restartAt - time).toBeGreaterThanOrEqual(policy.pause.floor)
            expect(state.restartAt - time).toBeLessThanOrEqual(ceiling(policy.pause, state.errorCount))
          }
        })
      })
    )
  })

  it("whatever happened before: a minute of running makes a worker healthy", () => {
    fc.assert(
      fc.property(life, (events) => {
        const manager = live(events, () => undefined)
        manager.runFor(policy.healthyAfter + 1_000)
        expect(healthOf(manager.state)).toBe("healthy")
        expect(manager.state.errorCount).toBe(0)
      })
    )
  })
})
