import type { SqlClient } from "@effect/sql/SqlClient"
import { Camera, encodeCamera } from "@vigil/core/Camera"
import type { CameraRecord } from "@vigil/core/CameraRecord"
import { DateTime, Effect, Schema } from "effect"
import type { SealedCamera } from "../secret/SealedCamera.js"
import type { PageRow } from "./CameraQueryPostgres.js"
import { soon } from "./Transaction.js"

const decodeCamera = Schema.decodeUnknown(Camera)

export interface CameraRow extends Omit<PageRow, "configuration" | "has_credentials">, SealedCamera {
  readonly configuration: object
}

export const cameraOf = (row: Omit<PageRow, "configuration" | "sort_name">, configuration: object) =>
  decodeCamera({
    ...configuration,
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    hasCredentials: row.has_credentials,
    revision: row.revision,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString()
  })

export const toCamera = (row: CameraRow) => cameraOf({ ...row, has_credentials: row.credentials !== null }, row.configuration)

export const toCameras = Effect.forEach(toCamera)

/** A camera's row, but for what never changes of it. */
export const columns = ({ camera }: Pick<CameraRecord, "camera">) => {
  const { id, tenantId, name, hasCredentials, revision, createdAt, updatedAt, ...configuration } = encodeCamera(camera)
  return { name, configuration: JSON.stringify(configuration), revision, updated_at: DateTime.toDateUtc(camera.updatedAt) }
}

/** What {@link tellCamerasChanged} is heard on. */
export const cameraChannel = "vigil_cameras"

/** Whoever follows the cameras' changes looks again. */
export const tellCamerasChanged = (sql: SqlClient) => soon(sql`select pg_notify(${cameraChannel}, '')`)
