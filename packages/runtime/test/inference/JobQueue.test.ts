import { describe, expect, it } from "@effect/vitest"
import type { Priority } from "@vigil/core/Priority"
import { priorities, rank } from "@vigil/core/PriorityOrder"
import { JobQueue, type QueuedJob } from "@vigil/runtime/inference/JobQueue"
import * as fc from "effect/FastCheck"

interface Job extends QueuedJob {
  readonly id: number
}

const job = (id: number, slot: string, priority: Priority, deadline = Number.POSITIVE_INFINITY): Job => ({
  id,
  slot,
  priority,
  deadline
})

type Step =
  | { readonly kind: "submit"; readonly slot: number; readonly priority: Priority; readonly patience: number }
  | { readonly kind: "take" }
  | { readonly kind: "expire" }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("submit" as const),
      slot: fc.integer({ min: 0, max: 8 }),
      priority: fc.constantFrom(...priorities),
      patience: fc.integer({ min: -5, max: 400 })
    })
  },
  { weight: 2, arbitrary: fc.constant({ kind: "take" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "expire" as const }) }
)

const steps = fc.array(fc.record({ step, pause: fc.integer({ min: 0, max: 200 }) }), { maxLength: 200 })

describe("JobQueue", () => {
  it("gives every job back exactly once, holds one job a slot and stays within its capacity", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 6 }), (steps, capacity) => {
        const queue = new JobQueue<Job>({ capacity, ageing: 100 })
        const results = new Map<number, number>()
        const count = (job: Job | undefined) => {
          if (job !== undefined) results.set(job.id, (results.get(job.id) ?? 0) + 1)
        }
        const waiting = new Map<string, Job>()
        let now = 0
        let submitted = 0
        for (const { step, pause } of steps) {
          now += pause
          if (step.kind === "submit") {
            const made = job(submitted++, `slot-${step.slot}`, step.priority, now + step.patience)
            const before = waiting.get(made.slot)
            waiting.set(made.slot, made)
            const dropped = queue.submit(made, now)
            count(dropped?.job)
            if (dropped?.job === made) {
              if (before === undefined) waiting.delete(made.slot)
              else waiting.set(made.slot, before)
            } else if (dropped?.reason === "full") waiting.delete(dropped.job.slot)
            if (dropped?.reason === "replaced") expect(dropped.job).toBe(before)
          } else if (step.kind === "take") {
            const taken = queue.take(now)
            count(taken)
            expect(taken === undefined).toBe(waiting.size === 0)
            if (taken !== undefined) {
              expect(waiting.get(taken.slot)).toBe(taken)
              waiting.delete(taken.slot)
            }
          } else {
            for (const expired of queue.expire(now)) {
              count(expired)
              expect(expired.deadline).toBeLessThan(now)
              waiting.delete(expired.slot)
            }
            for (const left of waiting.values()) expect(left.deadline).toBeGreaterThanOrEqual(now)
          }
          expect(queue.size).toBe(waiting.size)
          expect(queue.size).toBeLessThanOrEqual(capacity)
        }
        for (const left of queue.clear()) count(left)
        expect(results.size).toBe(submitted)
        expect([...results.values()].every((times) => times === 1)).toBe(true)
      })
    )
  })

  it("takes urgent priorities first when nothing has aged", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...priorities), { minLength: 1, maxLength: 50 }), (submitted) => {
        const queue = new JobQueue<Job>({ capacity: 100, ageing: 1000 })
        submitted.forEach((priority, id) => queue.submit(job(id, `slot-${id}`, priority), 0))
        const taken = submitted.map(() => queue.take(10)?.priority)
        expect(taken).toEqual([...submitted].sort((a, b) => rank(a) - rank(b)))
      })
    )
  })

  it("serves slots of one priority in turn, however often some of them ask", () => {
    const queue = new JobQueue<Job>({ capacity: 100, ageing: 1000 })
    const served = new Map<string, number>()
    let id = 0
    for (let turn = 0; turn < 300; turn++) {
      for (let again = 0; again < 3; again++) queue.submit(job(id++, "greedy", "HIGH"), turn)
      for (const slot of ["a", "b"]) queue.submit(job(id++, slot, "HIGH"), turn)
      const taken = queue.take(turn)
      if (taken !== undefined) served.set(taken.slot, (served.get(taken.slot) ?? 0) + 1)
    }
    expect(Object.fromEntries(served)).toEqual({ greedy: 100, a: 100, b: 100 })
  })

  it("keeps a slot's turn when its deadline passes before it is served", () => {
    const queue = new JobQueue<Job>({ capacity: 100, ageing: 100_000 })
    const served = new Set<string>()
    let id = 0
    for (let turn = 0; turn < 40; turn++) {
      const now = turn * 10
      for (let slot = 0; slot < 20; slot++) queue.submit(job(id++, `slot-${slot}`, "STANDARD", now + 5), now)
      queue.expire(now)
      const taken = queue.take(now)
      if (taken !== undefined) served.add(taken.slot)
      queue.expire(now + 9)
    }
    expect(served.size).toBe(20)
  })

  it("never starves the least urgent priority", () => {
    const ageing = 100
    const queue = new JobQueue<Job>({ capacity: 100, ageing })
    let id = 0
    let last = 0
    let longest = 0
    for (let now = 0; now < 10_000; now += 10) {
      for (const priority of priorities) queue.submit(job(id++, priority, priority, now + 15), now)
      queue.expire(now)
      if (queue.take(now)?.priority === "STANDARD") {
        longest = Math.max(longest, now - last)
        last = now
      }
    }
    longest = Math.max(longest, 10_000 - last)
    expect(longest).toBeLessThanOrEqual(3 * ageing + 4 * 10)
  })

  it("drops the least urgent job when it is full, and itself when nothing is less urgent", () => {
    const queue = new JobQueue<Job>({ capacity: 2, ageing: 1000 })
    queue.submit(job(0, "a", "MEDIUM"), 0)
    queue.submit(job(1, "b", "STANDARD"), 0)
    expect(queue.submit(job(2, "c", "STANDARD"), 0)).toMatchObject({ job: { id: 2 }, reason: "full" })
    expect(queue.submit(job(3, "d", "HIGH"), 0)).toMatchObject({ job: { id: 1 }, reason: "full" })
    expect(queue.submit(job(4, "a", "MEDIUM"), 0)).toMatchObject({ job: { id: 0 }, reason: "replaced" })
  })
})
