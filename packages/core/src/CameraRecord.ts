import { type DateTime, Either, Option, Redacted } from "effect"
import { concealed, lacksSecrets } from "./AddressSecrets.js"
import { Camera, type CameraPatch, type NewCamera } from "./Camera.js"
import { CameraId, type TenantId } from "./Ids.js"
import { RevisionConflict } from "./port/CameraStore.js"
import type { ComingBack } from "./Rollback.js"
import { changedOwnSettings, newOwnSettings } from "./settings/CameraSettings.js"
import { type Credentials, SourceError } from "./Source.js"
import { displayUrl, isAtServer, type SourceAddress, wholeAddress } from "./SourceUrl.js"

/** What of a camera is told to nobody but whoever connects to it. */
export interface CameraSecrets {
  readonly credentials: Option.Option<Credentials>
  /** Its whole address, where the camera shows placeholders. */
  readonly address: Option.Option<Redacted.Redacted>
}

/** What a store keeps of a camera. */
export interface CameraRecord extends CameraSecrets {
  readonly camera: Camera
}

/** The address to connect to. A program that knows nothing of secrets in addresses may have written another one beside what is kept. */
export const connectedAddress = ({ url }: Pick<Camera, "url">, { address }: Pick<CameraSecrets, "address">): string =>
  Option.match(address, {
    onNone: () => url,
    onSome: (known) => {
      const whole = Redacted.value(known)
      return lacksSecrets(url) && concealed(url) === concealed(whole) ? whole : url
    }
  })

/** A whole address as a record has it. */
export const recordedAddress = (whole: string): { readonly url: string; readonly address: CameraSecrets["address"] } => {
  const url = concealed(whole)
  return { url, address: url === whole ? Option.none() : Option.some(Redacted.make(whole)) }
}

/** What a camera that is added begins with. */
export const freshCamera = (): ComingBack<CameraId> => ({ id: CameraId.make(crypto.randomUUID()), revision: 1 })

/** Somebody else brought the camera back first. */
export const isBackAlready = ({ id, revision }: ComingBack<CameraId>): RevisionConflict =>
  new RevisionConflict({ cameraId: id, expected: revision - 1, actual: revision })

/** The record of a camera that is added. Credentials given apart win over those in the URL. */
export const newRecord = (
  tenantId: TenantId,
  id: CameraId,
  input: NewCamera,
  now: DateTime.Utc,
  revision = 1
): Either.Either<CameraRecord, SourceError> =>
  Either.map(wholeAddress(input.url), (whole) => {
    const { credentials: given, ...configuration } = input
    const credentials = Option.fromNullable(given ?? whole.credentials)
    const { address, url } = recordedAddress(whole.url)
    return {
      camera: Camera.make({
        ...configuration,
        ...newOwnSettings(input, input.settings),
        edge: input.edge ?? null,
        masks: input.masks ?? [],
        placeId: input.placeId ?? null,
        location: input.location ?? null,
        description: input.description ?? null,
        metadata: input.metadata ?? {},
        tags: input.tags ?? [],
        groups: input.groups ?? [],
        id,
        tenantId,
        url,
        hasCredentials: Option.isSome(credentials),
        revision,
        createdAt: now,
        updatedAt: now
      }),
      credentials,
      address
    }
  })

/** The stored credentials, if they were given for the server of this address. */
export const credentialsFor = (record: CameraRecord, address: SourceAddress): Option.Option<Credentials> =>
  Option.filter(record.credentials, () => isAtServer(record.camera.url, address))

/** An address that is given for a camera, with the camera's own secrets in place of placeholders. */
export const addressFor = (record: CameraRecord, given: string): Either.Either<SourceAddress, SourceError> =>
  wholeAddress(given, connectedAddress(record.camera, record))

/** Whoever changes a camera's address must not learn its password from where the camera is said to be. */
const patchedCredentials = (
  record: CameraRecord,
  given: Credentials | null | undefined,
  address: SourceAddress
): Either.Either<Option.Option<Credentials>, SourceError> => {
  if (given === null) return Either.right(Option.none())
  const fresh = given ?? address.credentials
  if (fresh !== undefined) return Either.right(Option.some(fresh))
  const kept = credentialsFor(record, address)
  if (Option.isSome(kept) || Option.isNone(record.credentials)) return Either.right(kept)
  const detail = "The host or port changed: give the user name and password again, or remove them"
  return Either.left(new SourceError({ reason: "unauthorized", url: displayUrl(address.url), detail }))
}

/** The conflict with whoever changed the camera since it was read at a revision; undefined where nobody did. */
export const revisionConflict = ({ id, revision }: Camera, expected: number | undefined): RevisionConflict | undefined =>
  expected === undefined || expected === revision ? undefined : new RevisionConflict({ cameraId: id, expected, actual: revision })

/** The record after a change, one revision later. */
export const revisedRecord = (
  record: CameraRecord,
  patch: CameraPatch,
  now: DateTime.Utc,
  expectedRevision?: number
): Either.Either<CameraRecord, RevisionConflict | SourceError> => {
  const { camera } = record
  const conflict = revisionConflict(camera, expectedRevision)
  if (conflict !== undefined) return Either.left(conflict)
  return Either.gen(function* () {
    const whole = yield* addressFor(record, patch.url ?? camera.url)
    const credentials = yield* patchedCredentials(record, patch.credentials, whole)
    const { address, url } = recordedAddress(whole.url)
    return {
      camera: Camera.make({
        ...camera,
        name: patch.name ?? camera.name,
        url,
        transport: patch.transport ?? camera.transport,
        tls: patch.tls ?? camera.tls,
        enabled: patch.enabled ?? camera.enabled,
        zones: patch.zones ?? camera.zones,
        lines: patch.lines ?? camera.lines,
        ...changedOwnSettings(camera, patch),
        analytics: patch.analytics ?? camera.analytics,
        edge: patch.edge === undefined ? camera.edge : patch.edge,
        masks: patch.masks ?? camera.masks,
        placeId: patch.placeId === undefined ? camera.placeId : patch.placeId,
        location: patch.location === undefined ? camera.location : patch.location,
        description: patch.description === undefined ? camera.description : patch.description,
        metadata: patch.metadata ?? camera.metadata,
        tags: patch.tags ?? camera.tags,
        groups: patch.groups ?? camera.groups,
        hasCredentials: Option.isSome(credentials),
        revision: camera.revision + 1,
        updatedAt: now
      }),
      credentials,
      address
    }
  })
}
