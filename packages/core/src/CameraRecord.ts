import { type DateTime, Either, Option } from "effect"
import { Camera, type CameraPatch, type NewCamera } from "./Camera.js"
import type { CameraId, TenantId } from "./Ids.js"
import { RevisionConflict } from "./port/CameraStore.js"
import type { Credentials, SourceError } from "./Source.js"
import { parseSourceUrl } from "./SourceUrl.js"

/** What a store keeps of a camera. */
export interface CameraRecord {
  readonly camera: Camera
  readonly credentials: Option.Option<Credentials>
}

/** The record of a camera that is added: revision 1. Credentials given apart win over those in the URL. */
export const newRecord = (
  tenantId: TenantId,
  id: CameraId,
  input: NewCamera,
  now: DateTime.Utc
): Either.Either<CameraRecord, SourceError> =>
  Either.map(parseSourceUrl(input.url), (address) => {
    const { credentials: given, ...configuration } = input
    const credentials = Option.fromNullable(given ?? address.credentials)
    return {
      camera: Camera.make({
        ...configuration,
        id,
        tenantId,
        url: address.url,
        hasCredentials: Option.isSome(credentials),
        revision: 1,
        createdAt: now,
        updatedAt: now
      }),
      credentials
    }
  })

const patchedCredentials = (
  record: CameraRecord,
  given: Credentials | null | undefined,
  inUrl: Credentials | undefined
): Option.Option<Credentials> => {
  if (given === null) return Option.none()
  return Option.orElse(Option.fromNullable(given ?? inUrl), () => record.credentials)
}

/** The record after a change, one revision later. */
export const revisedRecord = (
  record: CameraRecord,
  patch: CameraPatch,
  now: DateTime.Utc,
  expectedRevision?: number
): Either.Either<CameraRecord, RevisionConflict | SourceError> => {
  const { camera } = record
  if (expectedRevision !== undefined && expectedRevision !== camera.revision) {
    return Either.left(new RevisionConflict({ cameraId: camera.id, expected: expectedRevision, actual: camera.revision }))
  }
  return Either.map(parseSourceUrl(patch.url ?? camera.url), (address) => {
    const credentials = patchedCredentials(record, patch.credentials, address.credentials)
    return {
      camera: Camera.make({
        ...camera,
        name: patch.name ?? camera.name,
        url: address.url,
        transport: patch.transport ?? camera.transport,
        tls: patch.tls ?? camera.tls,
        enabled: patch.enabled ?? camera.enabled,
        zones: patch.zones ?? camera.zones,
        lines: patch.lines ?? camera.lines,
        segment: patch.segment ?? camera.segment,
        detection: patch.detection ?? camera.detection,
        analytics: patch.analytics ?? camera.analytics,
        hasCredentials: Option.isSome(credentials),
        revision: camera.revision + 1,
        updatedAt: now
      }),
      credentials
    }
  })
}
