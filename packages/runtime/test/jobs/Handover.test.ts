import { describe, expect, it } from "@effect/vitest"
import { CameraId, ModelId } from "@vigil/core/Ids"
import type { InferenceObservation } from "@vigil/core/Observation"
import { mediaTime, monotonicTime, wallTime } from "@vigil/core/Time"
import { makeHandover } from "@vigil/runtime/jobs/Handover"
import { makeOutstandingJobs, type OutstandingJob } from "@vigil/runtime/jobs/OutstandingJobs"
import { jobOf, resultOf } from "../material/VideoJobs.js"

const model = ModelId.make("m")

const seen = (seconds: number): InferenceObservation => ({
  _tag: "Inference",
  frame: {
    frame: 0,
    size: { width: 640, height: 480 },
    mediaTime: mediaTime(seconds * 1_000_000),
    wallTime: wallTime(0),
    wallClockOrigin: "receive",
    received: monotonicTime(0)
  },
  model,
  detections: [],
  queued: 0,
  ran: 0
})

const setting = () => {
  const passed: Array<number> = []
  const handover = makeHandover(({ frame }) => passed.push(frame.mediaTime / 1_000_000))
  return { handover, passed }
}

describe("Handover", () => {
  it("gives each frame to whoever was in charge when it was taken", () => {
    const { handover, passed } = setting()
    for (const at of [1, 2]) handover.local(seen(at))
    handover.toQueue(mediaTime(3_000_000))
    for (const at of [2.5, 3, 4]) handover.local(seen(at))
    for (const at of [2.5, 3, 4, 5]) handover.queued(seen(at))
    expect(passed).toEqual([1, 2, 2.5, 3, 4, 5])
  })

  it("looks at what two segments share once", () => {
    const { handover, passed } = setting()
    handover.toQueue(mediaTime(0))
    for (const at of [0, 1, 2, 1, 2, 3]) handover.queued(seen(at))
    expect(passed).toEqual([0, 1, 2, 3])
  })

  it("holds what this node sees until the workers' last results are here", () => {
    const { handover, passed } = setting()
    handover.toQueue(mediaTime(0))
    handover.queued(seen(1))
    handover.toLocal(mediaTime(3_000_000), true)
    for (const at of [2.9, 3, 4]) handover.local(seen(at))
    expect(passed).toEqual([1])
    for (const at of [2, 3]) handover.queued(seen(at))
    handover.settled()
    handover.local(seen(5))
    expect(passed).toEqual([1, 2, 3, 4, 5])
  })

  it("does not wait where nothing is outstanding", () => {
    const { handover, passed } = setting()
    handover.toQueue(mediaTime(0))
    handover.toLocal(mediaTime(1_000_000), false)
    handover.local(seen(1))
    expect(passed).toEqual([1])
  })
})

const outstandingOf = (job: ReturnType<typeof jobOf>, at = 0): OutstandingJob => ({
  jobId: job.jobId,
  model,
  publishedAt: monotonicTime(at),
  mediaTime: mediaTime(0),
  received: monotonicTime(500),
  wallClockOrigin: "sender-report"
})

describe("OutstandingJobs", () => {
  it("takes a result once, and only of the model that it is waited for", () => {
    const jobs = makeOutstandingJobs()
    const job = jobOf({ models: [model], cameraId: CameraId.make("7f1f0c52-3f0c-4d7e-9c3b-3b8f4d3a9f10") })
    jobs.add(outstandingOf(job))
    expect(jobs.answer(resultOf(job, ModelId.make("other")))).toBeUndefined()
    const [observation] = jobs.answer(resultOf(job, model)) ?? []
    expect(observation?.frame).toMatchObject({ mediaTime: 1_000_000, received: 1500, wallClockOrigin: "sender-report" })
    expect(jobs.answer(resultOf(job, model))).toBeUndefined()
    expect([jobs.count(), jobs.lost()]).toEqual([0, 0])
  })

  it("does not wait for a job once a later one was answered, nor beyond the limit", () => {
    const jobs = makeOutstandingJobs()
    const [first, second, third] = [1, 2, 3].map((sequence) => jobOf({ models: [model], sequence }))
    for (const [index, job] of [first, second, third].entries()) if (job !== undefined) jobs.add(outstandingOf(job, index))
    if (second !== undefined) expect(jobs.answer(resultOf(second, model))).toHaveLength(1)
    if (first !== undefined) expect(jobs.answer(resultOf(first, model))).toBeUndefined()
    expect([jobs.count(), jobs.lost(), jobs.lostInARow()]).toEqual([1, 1, 0])
    jobs.expire(monotonicTime(2))
    expect(jobs.count()).toBe(1)
    jobs.expire(monotonicTime(3))
    expect([jobs.count(), jobs.lost(), jobs.lostInARow()]).toEqual([0, 2, 1])
  })
})
