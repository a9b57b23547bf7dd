import { Context, Schema } from "effect"
import type { Effect, Option, Stream } from "effect"
import type { Edge, NewEdge } from "../Edge.js"
import { type CameraId, EdgeId, type Epoch, type TenantId } from "../Ids.js"
import { NodeName } from "../Node.js"
import type { StoreUnavailable } from "./StoreError.js"

export class EdgeNotFound extends Schema.TaggedError<EdgeNotFound>()("EdgeNotFound", { edgeId: EdgeId }) {
  override get message() {
    return `there is no edge ${this.edgeId}`
  }
}

export class EdgeNameTaken extends Schema.TaggedError<EdgeNameTaken>()("EdgeNameTaken", { name: NodeName }) {
  override get message() {
    return `there is an edge ${this.name} already`
  }
}

/** Whoever has the token speaks for this edge, and sees what is of it, and nothing else. */
export interface EdgeRight {
  readonly id: EdgeId
  readonly name: NodeName
  readonly tenantId: TenantId
  readonly tenantName: string
}

/** Where the centre's log of a camera ends. */
export interface LogEnd {
  readonly epoch: Epoch
  readonly sequence: number
}

/** What the centre knows of a camera that an edge runs. */
export interface EdgeCamera {
  readonly cameraId: CameraId
  readonly edgeId: EdgeId
  /** Absent where the edge was revoked. */
  readonly edgeName: NodeName | undefined
  readonly enabled: boolean
  readonly revision: number
  readonly epoch: Epoch
  /** Milliseconds since the edge last reported to any node, by the store's clock; absent where it never did. */
  readonly silence: number | undefined
}

/** The edges and their tokens, of which only the hashes are kept. `find`, `cameras`, `seen`, `newestEpoch` and `logEnd` serve edges of every tenant. */
export class EdgeStore extends Context.Tag("@vigil/core/EdgeStore")<
  EdgeStore,
  {
    readonly list: (tenant: TenantId) => Effect.Effect<ReadonlyArray<Edge>, StoreUnavailable>
    readonly create: (
      tenant: TenantId,
      edge: NewEdge,
      tokenHash: Uint8Array
    ) => Effect.Effect<Edge, EdgeNameTaken | StoreUnavailable>
    /** Takes the place of the edge's token before, which is worth nothing from then on. */
    readonly renew: (tenant: TenantId, id: EdgeId, tokenHash: Uint8Array) => Effect.Effect<Edge, EdgeNotFound | StoreUnavailable>
    /** Its cameras stay assigned to it, and nobody runs them until they are given to another. */
    readonly remove: (tenant: TenantId, id: EdgeId) => Effect.Effect<void, EdgeNotFound | StoreUnavailable>
    /** Asked before anybody is known, so it looks at all tenants. */
    readonly find: (tokenHash: Uint8Array) => Effect.Effect<Option.Option<EdgeRight>, StoreUnavailable>
    readonly cameras: Effect.Effect<ReadonlyArray<EdgeCamera>, StoreUnavailable>
    /** It reported, and told which epochs its cameras are in: later actors, wherever they run, go on above. */
    readonly seen: (
      edge: EdgeRight,
      version: string,
      epochs: ReadonlyMap<CameraId, Epoch>
    ) => Effect.Effect<void, StoreUnavailable>
    /** The highest epoch that is known of the camera, whether it wrote or was told of. */
    readonly newestEpoch: (camera: CameraId) => Effect.Effect<Epoch, StoreUnavailable>
    /** Zeros of a camera that never wrote. */
    readonly logEnd: (camera: CameraId) => Effect.Effect<LogEnd, StoreUnavailable>
    /** Emits whenever an edge or its token may have changed; a hint to look again. */
    readonly changes: Stream.Stream<void>
  }
>() {}
