import { Array, Effect } from "effect"
import type { ClusterRig } from "./ClusterRig.js"
import type { StoredEvent } from "./LightNodeProtocol.js"

export interface EventAudit {
  readonly events: number
  /** Events of which the sequence does not follow the one before. */
  readonly gaps: number
  /** Events with a lower epoch than one before them in their camera's log: two actors wrote. */
  readonly interleaved: number
  /** Events that a node was told are stored, and are not there, or are another's. */
  readonly lost: number
}

const auditOf = (log: ReadonlyArray<StoredEvent>, acknowledged: ReadonlyArray<StoredEvent>): EventAudit => {
  const cameras = Array.groupBy(log, ({ cameraId }) => cameraId)
  const epochAt = new Map(log.map(({ cameraId, epoch, sequence }) => [`${cameraId}/${sequence}`, epoch]))
  let gaps = 0
  let interleaved = 0
  for (const events of Object.values(cameras)) {
    const inOrder = [...events].sort((a, b) => a.sequence - b.sequence)
    let highest = 0
    inOrder.forEach(({ epoch, sequence }, index) => {
      if (sequence !== index + 1) gaps++
      if (epoch < highest) interleaved++
      highest = Math.max(highest, epoch)
    })
  }
  const lost = acknowledged.filter(({ cameraId, epoch, sequence }) => epochAt.get(`${cameraId}/${sequence}`) !== epoch).length
  return { events: log.length, gaps, interleaved, lost }
}

/** Reads the whole event log and holds it against what nodes were told. */
export const auditEvents = ({ database, stored }: ClusterRig): Effect.Effect<EventAudit> =>
  Effect.suspend(() => {
    // What is acknowledged while the log is read need not be in what was read.
    const acknowledged = [...stored]
    return database
      .system(
        "audit events",
        (sql) =>
          sql<{ readonly camera_id: string; readonly sequence: string; readonly epoch: string }>`
            select camera_id, sequence, epoch from events`
      )
      .pipe(
        Effect.map((rows) =>
          auditOf(
            rows.map((row) => ({ cameraId: row.camera_id, sequence: Number(row.sequence), epoch: Number(row.epoch) })),
            acknowledged
          )
        ),
        Effect.orDieWith((error) => error)
      )
  })
