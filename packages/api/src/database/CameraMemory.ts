import type { Camera } from "@vigil/core/Camera"
import type { CameraId } from "@vigil/core/Ids"
import { Effect } from "effect"
import type { PageRow } from "./CameraQueryPostgres.js"

interface Remembered {
  readonly row: PageRow
  readonly camera: Camera
}

/** Some pages of some tenants. */
const mostRemembered = 2000

const sameRow = (a: PageRow, b: PageRow): boolean =>
  a.configuration === b.configuration &&
  a.revision === b.revision &&
  a.name === b.name &&
  a.has_credentials === b.has_credentials &&
  a.updated_at.getTime() === b.updated_at.getTime() &&
  a.created_at.getTime() === b.created_at.getTime() &&
  a.tenant_id === b.tenant_id

/**
 * Reads rows of lists, which are asked for again and again, while few of their cameras have changed: a row that is what it was the last time gives the camera
 * that it gave then.
 */
export const makeCameraMemory = <E>(read: (row: PageRow) => Effect.Effect<Camera, E>) => {
  const memory = new Map<CameraId, Remembered>()
  return (row: PageRow): Effect.Effect<Camera, E> => {
    const known = memory.get(row.id)
    if (known !== undefined && sameRow(known.row, row)) return Effect.succeed(known.camera)
    return Effect.tap(read(row), (camera) =>
      Effect.sync(() => {
        memory.delete(row.id)
        memory.set(row.id, { row, camera })
        if (memory.size > mostRemembered) for (const oldest of memory.keys()) return void memory.delete(oldest)
      })
    )
  }
}
