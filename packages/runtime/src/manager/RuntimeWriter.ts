import type { ManagerIdentity } from "@vigil/core/CameraManager"
import type { WorkerReport } from "@vigil/core/CameraRuntime"
import type { CameraId } from "@vigil/core/Ids"
import { RuntimeTable } from "@vigil/core/port/RuntimeTable"
import type { MonotonicTime } from "@vigil/core/Time"
import { Array, Effect, Metric } from "effect"
import { now as monotonicNow } from "../MonotonicClock.js"

/** Rows of one statement. */
const batch = 500

const rowsWritten = Metric.counter("vigil_runtime_rows_written", {
  description: "Rows of the runtime table that this node's camera manager wrote because they had changed",
  incremental: true
})

/** Keeps a node's rows of the runtime table as they should be. */
export interface RuntimeWriter {
  /** Writes what changed since the last time, and beats if that is due. Answers the rows that were refused: a newer actor runs the camera, or it was removed. */
  readonly write: (reports: ReadonlyArray<WorkerReport>) => Effect.Effect<ReadonlyArray<CameraId>>
  /** When the table was last written; absent before the first time. */
  readonly written: () => MonotonicTime | undefined
}

/** `beatEvery`: milliseconds between two heartbeats where nothing changes. */
export const makeRuntimeWriter = (manager: ManagerIdentity, beatEvery: number) =>
  Effect.gen(function* () {
    const table = yield* RuntimeTable
    const known = new Map<CameraId, WorkerReport>()
    let written: MonotonicTime | undefined
    let away = false

    const report = (reports: ReadonlyArray<WorkerReport>) =>
      Effect.gen(function* () {
        const refused = yield* table.report(manager, reports)
        // A row that was refused is not written again before it changes: it is another actor's.
        for (const each of reports) known.set(each.cameraId, each)
        yield* Metric.incrementBy(rowsWritten, reports.length - refused.length)
        written = monotonicNow()
        return refused
      })

    const forget = (reports: ReadonlyArray<WorkerReport>) => {
      if (known.size <= reports.length) return
      const wanted = new Set(reports.map(({ cameraId }) => cameraId))
      for (const id of known.keys()) if (!wanted.has(id)) known.delete(id)
    }

    /** Says of an outage when it begins and when it is over, not in between. */
    const tell = (isAway: boolean, message: Effect.Effect<void>) =>
      Effect.suspend(() => {
        if (away === isAway) return Effect.void
        away = isAway
        return message
      })

    const writer: RuntimeWriter = {
      write: (reports) =>
        Effect.gen(function* () {
          const changed = reports.filter((each) => known.get(each.cameraId) !== each)
          forget(reports)
          if (changed.length === 0 && written !== undefined && monotonicNow() - written < beatEvery) return []
          const batches = changed.length === 0 ? [[]] : Array.chunksOf(changed, batch)
          const refused = yield* Effect.forEach(batches, report)
          yield* tell(false, Effect.logInfo("the runtime table is written again"))
          return refused.flat()
        }).pipe(
          Effect.catchAll((error) =>
            Effect.as(tell(true, Effect.logWarning("the runtime table cannot be written; it is tried again", error)), [])
          )
        ),
      written: () => written
    }

    yield* Effect.addFinalizer(() =>
      table.leave(manager.id).pipe(
        Effect.timeout("2 seconds"),
        Effect.catchAll((error) => Effect.logWarning("the runtime table does not say that this node has ended", error))
      )
    )
    return writer
  })
