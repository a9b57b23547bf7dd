import { agedAt, CameraHealth, CameraRuntime, heartbeatLimits, shownRuntime, WorkerKind } from "@vigil/core/CameraRuntime"
import { managerStatus } from "@vigil/core/CameraManager"
import { WorkerStatus } from "@vigil/core/BusMessage"
import { ManagerId } from "@vigil/core/CameraManager"
import { CameraId, Epoch } from "@vigil/core/Ids"
import { NodeName } from "@vigil/core/Node"
import { afterHeartbeat, WorkerHeartbeat } from "@vigil/core/WorkerHeartbeat"
import { DateTime, Either, Schema } from "effect"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const cameraId = CameraId.make("7f1f0c52-3f0c-4d7e-9c3b-3b8f4d3a9f10")
const start = DateTime.unsafeMake("2026-01-02T03:04:05Z")

const row = (overrides: Partial<CameraRuntime> = {}): CameraRuntime => ({
  cameraId,
  worker: "actor",
  podName: "node-a",
  epoch: Epoch.make(1),
  workerStatus: "running",
  healthStatus: "healthy",
  healthInfo: {},
  errorCount: 0,
  lastError: null,
  alert: false,
  startedAt: start,
  lastHeartbeat: start,
  ...overrides
})

const anyRow = fc
  .record({
    worker: fc.constantFrom(...WorkerKind.literals),
    workerStatus: fc.constantFrom(...WorkerStatus.literals),
    healthStatus: fc.constantFrom(...CameraHealth.literals)
  })
  .map(row)

const after = (milliseconds: number) => DateTime.add(start, { millis: milliseconds })
const order: ReadonlyArray<CameraHealth> = ["unknown", "healthy", "degraded", "unhealthy"]

describe("CameraRuntime", () => {
  it("has the names of the DFIP in JSON", () => {
    expect(Schema.encodeSync(CameraRuntime)(row({ healthInfo: { fps: 1, memory_usage: "256MB" } }))).toEqual({
      camera_id: cameraId,
      worker: "actor",
      pod_name: "node-a",
      epoch: 1,
      worker_status: "running",
      health_status: "healthy",
      health_info: { fps: 1, memory_usage: "256MB" },
      error_count: 0,
      last_error: null,
      alert: false,
      started_at: "2026-01-02T03:04:05.000Z",
      last_heartbeat: "2026-01-02T03:04:05.000Z"
    })
  })

  it("ages: silence never makes a worker look better, and more of it never less bad", () => {
    fc.assert(
      fc.property(anyRow, fc.nat(200_000), fc.nat(200_000), (runtime, a, b) => {
        const [soon, late] = [Math.min(a, b), Math.max(a, b)].map((silence) =>
          order.indexOf(agedAt(runtime, after(silence)).healthStatus)
        )
        expect(soon).toBeGreaterThanOrEqual(order.indexOf(runtime.healthStatus))
        expect(late).toBeGreaterThanOrEqual(soon ?? 0)
      })
    )
  })

  it("ages to unhealthy whoever should work, and nobody who has stopped or is heard of", () => {
    fc.assert(
      fc.property(anyRow, (runtime) => {
        const { degraded, unhealthy } = heartbeatLimits[runtime.worker]
        expect(agedAt(runtime, after(degraded))).toEqual(runtime)
        expect(agedAt(runtime, after(unhealthy + 1)).healthStatus).toBe(
          runtime.workerStatus === "stopped" ? runtime.healthStatus : "unhealthy"
        )
      })
    )
  })

  it("is shown of the actor, or of the external worker where the actor does not work", () => {
    const actor = row()
    const stopped = row({ workerStatus: "stopped" })
    const external = row({ worker: "external" })
    expect(shownRuntime([])).toBeUndefined()
    expect(shownRuntime([actor, external])).toBe(actor)
    expect(shownRuntime([stopped, external])).toBe(external)
    expect(shownRuntime([stopped])).toBe(stopped)
    expect(shownRuntime([external])).toBe(external)
  })

  it("makes the manager's status: running where a node was heard of lately, with the workers that have not stopped", () => {
    const manager = {
      id: ManagerId.make(crypto.randomUUID()),
      cluster: "west",
      node: NodeName.make("node-a"),
      startedAt: start,
      lastHeartbeat: start
    }
    const rows = [row(), row({ workerStatus: "stopped" }), row({ worker: "external", podName: "pod-7" })]
    const status = managerStatus([manager], rows, after(1_000))
    expect(status).toMatchObject({ isRunning: true, workerCount: 2 })
    expect(status.workers.map(({ image, namespace, podName }) => [podName, namespace, image])).toEqual([
      ["node-a", "west", "vigil"],
      ["pod-7", "external", "external"]
    ])
    expect(managerStatus([manager], rows, after(60_000)).isRunning).toBe(false)
    expect(managerStatus([], [], start)).toEqual({ isRunning: false, workerCount: 0, workers: [] })
  })
})

describe("WorkerHeartbeat", () => {
  const decode = Schema.decodeUnknownEither(WorkerHeartbeat)
  const beats = fc.array(fc.constantFrom(...WorkerStatus.literals), { maxLength: 40 })

  it("takes what the DFIP's workers send, and bounds it", () => {
    expect(Either.getOrThrow(decode({ status: "running", health_info: { fps: 1, memory_usage: "256MB" } }))).toEqual({
      status: "running",
      healthInfo: { fps: 1, memory_usage: "256MB" }
    })
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`f${index}`, index]))
    for (const wrong of [
      {},
      { status: "fine" },
      { status: "running", health_info: { nested: {} } },
      { status: "running", health_info: many },
      { status: "running", health_info: { text: "x".repeat(201) } },
      { status: "running", health_info: { ["x".repeat(65)]: 1 } },
      { status: "running", pod_name: "" },
      { status: "running", pod_name: "a\u0000b" },
      { status: "running", health_info: { text: "a\u0000b" } },
      { status: "running", health_info: { "a\ud800": 1 } },
      { status: "error", error: "x".repeat(501) }
    ]) {
      expect(Either.isLeft(decode(wrong)), JSON.stringify(wrong).slice(0, 80)).toBe(true)
    }
  })

  it("keeps errors as text on one line, whatever a worker sends", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 500 }), (error) => {
        const { lastError } = afterHeartbeat(cameraId, undefined, { status: "error", healthInfo: {}, error })
        expect(lastError).toMatch(/^[^\p{Cc}\p{Cs}]+$/u)
      })
    )
    expect(afterHeartbeat(cameraId, undefined, { status: "error", healthInfo: {}, error: "a\u0000b\n c" }).lastError).toBe(
      "a b  c"
    )
  })

  it("counts errors in a row: an alert from the fifth on, and none once it runs", () => {
    fc.assert(
      fc.property(beats, (statuses) => {
        let runtime: CameraRuntime | undefined
        let inRow = 0
        for (const status of statuses) {
          const report = afterHeartbeat(cameraId, runtime, { status, healthInfo: {}, error: "no frames" })
          runtime = { ...report, startedAt: start, lastHeartbeat: start }
          if (status === "error") inRow++
          else if (status !== "starting") inRow = 0
          expect(report.errorCount).toBe(inRow)
          expect(report.alert).toBe(inRow >= 5)
          expect(report.lastError === null).toBe(inRow === 0)
          expect(report.healthStatus === "unhealthy").toBe(status === "error" && inRow >= 5)
        }
      })
    )
  })
})
