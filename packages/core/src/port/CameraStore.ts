import { Context, Schema } from "effect"
import type { Effect, Either, Stream } from "effect"
import type { Camera, CameraPatch, NewCamera } from "../Camera.js"
import type { CameraPage, CameraQuery } from "../CameraQuery.js"
import type { CameraSecrets } from "../CameraRecord.js"
import { CameraId, type Epoch, type TenantId } from "../Ids.js"
import type { LicenceRefused } from "../Licence.js"
import type { CursorRefused } from "../PageCursor.js"
import type { ComingBack } from "../Rollback.js"
import type { SourceError } from "../Source.js"
import type { EdgeNotFound } from "./EdgeStore.js"
import type { OutOfReach } from "./GrantStore.js"
import type { PlaceNotFound } from "./PlaceStore.js"
import type { StoreUnavailable } from "./StoreError.js"

export class CameraNotFound extends Schema.TaggedError<CameraNotFound>()("CameraNotFound", { cameraId: CameraId }) {
  override get message() {
    return `there is no camera ${this.cameraId}`
  }
}

/** Somebody changed the camera since it was read. */
export class RevisionConflict extends Schema.TaggedError<RevisionConflict>()("RevisionConflict", {
  cameraId: CameraId,
  expected: Schema.Int,
  actual: Schema.Int
}) {
  override get message() {
    return `camera ${this.cameraId} is at revision ${this.actual}, not ${this.expected}: read it again`
  }
}

/** A change to one camera; with a revision, of the camera as it was then. */
export interface CameraChange {
  readonly id: CameraId
  readonly patch: CameraPatch
  readonly expectedRevision?: number | undefined
}

/** Why a camera is not changed. */
export type ChangeRefused =
  | CameraNotFound
  | RevisionConflict
  | SourceError
  | EdgeNotFound
  | PlaceNotFound
  | LicenceRefused
  | OutOfReach
  | StoreUnavailable

/** A camera to remove; with a revision, as it was then. */
export type CameraRemoval = Pick<CameraChange, "id" | "expectedRevision">

/** Why a camera is not removed. */
export type RemovalRefused = CameraNotFound | RevisionConflict | StoreUnavailable

/** What a node must know of every camera to see whether it runs as it should. */
export type CameraOutline = Pick<Camera, "id" | "tenantId" | "revision" | "enabled">

/**
 * The cameras and their secrets. All calls but `all`, `outlines`, `some`, `secrets` and `takeEpoch`, which serve the actors of
 * every tenant, see one tenant's cameras only.
 */
export class CameraStore extends Context.Tag("@vigil/core/CameraStore")<
  CameraStore,
  {
    readonly list: (tenant: TenantId) => Effect.Effect<ReadonlyArray<Camera>, StoreUnavailable>
    /** Of `among` only, where that is given; the query's `state` is not looked at. */
    readonly page: (
      tenant: TenantId,
      query: CameraQuery,
      among?: ReadonlyArray<CameraId>
    ) => Effect.Effect<CameraPage, CursorRefused | StoreUnavailable>
    /** Those that show one of these addresses, in no order. */
    readonly atAddresses: (
      tenant: TenantId,
      urls: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<Pick<Camera, "id" | "url">>, StoreUnavailable>
    /** The same of those with privacy masks, also where they are out of reach of whoever asks. */
    readonly maskedAt: (
      tenant: TenantId,
      urls: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<Pick<Camera, "id" | "url" | "masks">>, StoreUnavailable>
    readonly get: (tenant: TenantId, id: CameraId) => Effect.Effect<Camera, CameraNotFound | StoreUnavailable>
    /** Those of these cameras that are there, in no order. */
    readonly among: (tenant: TenantId, ids: ReadonlyArray<CameraId>) => Effect.Effect<ReadonlyArray<Camera>, StoreUnavailable>
    readonly create: (
      tenant: TenantId,
      camera: NewCamera
    ) => Effect.Effect<Camera, SourceError | EdgeNotFound | PlaceNotFound | LicenceRefused | OutOfReach | StoreUnavailable>
    /** One that was removed; fails with a conflict where it is there. */
    readonly restore: (
      tenant: TenantId,
      back: ComingBack<CameraId>,
      camera: NewCamera
    ) => Effect.Effect<
      Camera,
      SourceError | EdgeNotFound | PlaceNotFound | LicenceRefused | OutOfReach | RevisionConflict | StoreUnavailable
    >
    /** All of them, in this order, or none. */
    readonly createMany: (
      tenant: TenantId,
      cameras: ReadonlyArray<NewCamera>
    ) => Effect.Effect<
      ReadonlyArray<Camera>,
      SourceError | EdgeNotFound | PlaceNotFound | LicenceRefused | OutOfReach | StoreUnavailable
    >
    /** What changes nothing writes nothing, and answers the camera at the revision that it has. */
    readonly update: (
      tenant: TenantId,
      id: CameraId,
      patch: CameraPatch,
      expectedRevision?: number
    ) => Effect.Effect<Camera, ChangeRefused>
    /** Each of different cameras by itself, as `update` does, but many in a transaction; tells what became of each. */
    readonly updateMany: (
      tenant: TenantId,
      changes: ReadonlyArray<CameraChange>
    ) => Effect.Effect<ReadonlyMap<CameraId, Either.Either<Camera, ChangeRefused>>>
    readonly remove: (tenant: TenantId, id: CameraId, expectedRevision?: number) => Effect.Effect<void, RemovalRefused>
    /** The same, as `remove` does. */
    readonly removeMany: (
      tenant: TenantId,
      removals: ReadonlyArray<CameraRemoval>
    ) => Effect.Effect<ReadonlyMap<CameraId, Either.Either<void, RemovalRefused>>>
    /** Every camera of every tenant: the desired state that nodes reconcile with. */
    readonly all: Effect.Effect<ReadonlyArray<Camera>, StoreUnavailable>
    /** The same in outline, for thousands of them, and without those that are none of a node's business: an edge's, and a suspended tenant's. */
    readonly outlines: Effect.Effect<ReadonlyArray<CameraOutline>, StoreUnavailable>
    /** Those of these cameras that are there, whosever they are. */
    readonly some: (ids: ReadonlyArray<CameraId>) => Effect.Effect<ReadonlyArray<Camera>, StoreUnavailable>
    /** Emits whenever something may have changed; a hint to read again, never the truth itself. */
    readonly changes: Stream.Stream<void>
    readonly secrets: (id: CameraId) => Effect.Effect<CameraSecrets, CameraNotFound | StoreUnavailable>
    /** The next epoch of the camera's actors; each call answers a higher one. */
    readonly takeEpoch: (id: CameraId) => Effect.Effect<Epoch, CameraNotFound | StoreUnavailable>
  }
>() {}
