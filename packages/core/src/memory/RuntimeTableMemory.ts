import { DateTime, Effect, Layer } from "effect"
import type { CameraManager, ManagerId } from "../CameraManager.js"
import type { CameraRuntime, WorkerReport } from "../CameraRuntime.js"
import type { CameraId } from "../Ids.js"
import { CameraStore } from "../port/CameraStore.js"
import { RuntimeTable } from "../port/RuntimeTable.js"
import { afterHeartbeat, startsAnew } from "../WorkerHeartbeat.js"

interface Row {
  readonly runtime: CameraRuntime
  readonly manager: ManagerId | undefined
}

const written = (report: WorkerReport, before: CameraRuntime | undefined, at: DateTime.Utc): CameraRuntime => ({
  ...report,
  startedAt: before === undefined || startsAnew(before, report) ? at : before.startedAt,
  lastHeartbeat: at
})

const makeRuntimeTableMemory = Effect.gen(function* () {
  const cameras = yield* CameraStore
  const managers = new Map<ManagerId, CameraManager>()
  const actors = new Map<CameraId, Row>()
  const externals = new Map<CameraId, Row>()

  /** A row's own heartbeat, or its manager's where that is newer. */
  const heard = ({ manager, runtime }: Row): CameraRuntime => {
    const beat = manager === undefined ? undefined : managers.get(manager)?.lastHeartbeat
    const isNewer = beat !== undefined && runtime.workerStatus !== "stopped" && DateTime.greaterThan(beat, runtime.lastHeartbeat)
    return isNewer ? { ...runtime, lastHeartbeat: beat } : runtime
  }

  const write = (manager: ManagerId, at: DateTime.Utc, report: WorkerReport): boolean => {
    const before = actors.get(report.cameraId)?.runtime
    if (before !== undefined && before.epoch > report.epoch) return false
    actors.set(report.cameraId, { runtime: written(report, before, at), manager })
    return true
  }

  return RuntimeTable.of({
    report: (manager, changed) =>
      Effect.gen(function* () {
        const at = yield* DateTime.now
        const known = changed.length === 0 ? new Set() : new Set((yield* cameras.all).map(({ id }) => id))
        managers.set(manager.id, { ...manager, startedAt: managers.get(manager.id)?.startedAt ?? at, lastHeartbeat: at })
        return changed
          .filter((report) => !known.has(report.cameraId) || !write(manager.id, at, report))
          .map(({ cameraId }) => cameraId)
      }),
    leave: (id) =>
      Effect.map(DateTime.now, (at) => {
        managers.delete(id)
        for (const [cameraId, row] of actors) {
          if (row.manager !== id) continue
          const runtime = { ...row.runtime, workerStatus: "stopped", healthStatus: "unknown", lastHeartbeat: at } as const
          actors.set(cameraId, { runtime, manager: undefined })
        }
      }),
    heartbeat: (tenant, cameraId, beat) =>
      Effect.gen(function* () {
        yield* cameras.get(tenant, cameraId)
        const at = yield* DateTime.now
        const before = externals.get(cameraId)?.runtime
        const after = written(afterHeartbeat(cameraId, before, beat), before, at)
        externals.set(cameraId, { runtime: after, manager: undefined })
        return { before, after }
      }),
    list: (tenant) =>
      Effect.gen(function* () {
        const ids = (yield* cameras.list(tenant)).map(({ id }) => id).sort()
        const rows = ids.flatMap((id) =>
          [actors.get(id), externals.get(id)].flatMap((row) => (row === undefined ? [] : [heard(row)]))
        )
        return { at: yield* DateTime.now, rows }
      }),
    managers: Effect.map(DateTime.now, (at) =>
      [...managers.values()].filter(({ lastHeartbeat }) => DateTime.distance(lastHeartbeat, at) < 86_400_000)
    )
  })
})

/** The runtime table within this process. */
export const layerRuntimeTableMemory: Layer.Layer<RuntimeTable, never, CameraStore> = Layer.effect(
  RuntimeTable,
  makeRuntimeTableMemory
)
