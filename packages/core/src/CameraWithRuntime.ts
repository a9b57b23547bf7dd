import { type DateTime, Schema } from "effect"
import type { Camera } from "./Camera.js"
import { agedAt, CameraRuntime, shownRuntime } from "./CameraRuntime.js"
import type { CameraId } from "./Ids.js"
import { PublicCamera, publicCamera } from "./PublicCamera.js"

const named = <A, I>(schema: Schema.Schema<A, I>, key: string) => Schema.propertySignature(schema).pipe(Schema.fromKey(key))

/** A camera and how its worker is, as the DFIP lists them. */
export const CameraWithRuntime = Schema.Struct({
  ...PublicCamera.fields,
  /** Its actor, or where that does not work its external worker; null before the first of them was heard of. */
  runtime: Schema.NullOr(CameraRuntime),
  /** Its external worker, if there is one. */
  externalRuntime: named(Schema.NullOr(CameraRuntime), "external_runtime")
}).annotations({ identifier: "CameraWithRuntime" })
export type CameraWithRuntime = typeof CameraWithRuntime.Type

/** Cameras with their rows of the runtime table, read at a moment of the table's clock. */
export const withRuntimes = (
  cameras: ReadonlyArray<Camera>,
  rows: ReadonlyArray<CameraRuntime>,
  at: DateTime.Utc
): ReadonlyArray<CameraWithRuntime> => {
  const byCamera = new Map<CameraId, Array<CameraRuntime>>()
  for (const row of rows) {
    const known = byCamera.get(row.cameraId) ?? []
    byCamera.set(row.cameraId, [...known, agedAt(row, at)])
  }
  return cameras.map((camera) => {
    const own = byCamera.get(camera.id) ?? []
    return {
      ...publicCamera(camera),
      runtime: shownRuntime(own) ?? null,
      externalRuntime: own.find(({ worker }) => worker === "external") ?? null
    }
  })
}
