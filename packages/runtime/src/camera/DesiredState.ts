import { EntityId, type Sharding } from "@effect/cluster"
import type { CameraId } from "@vigil/core/Ids"
import type { CameraOutline } from "@vigil/core/port/CameraStore"
import type { RefusedCamera } from "../placement/HostedCameras.js"
import type { CameraActor } from "./CameraActors.js"

/** What a round looks at; nothing of it waits for anybody. */
export interface Situation {
  readonly desired: ReadonlyMap<CameraId, CameraOutline>
  readonly actors: ReadonlyMap<CameraId, CameraActor>
  readonly sharding: Pick<typeof Sharding.Sharding.Service, "getShardId" | "hasShardId">
  /** The shard group that a camera is in. */
  readonly group: (id: CameraId) => string
  readonly held: ReadonlySet<CameraId>
  /** Why a camera is not started while so many run; nothing where it is. */
  readonly refusal: (camera: CameraOutline, running: number) => string | undefined
}

export interface Difference {
  /** Actors that have to end: of cameras that are not there any more, or not here. */
  readonly surplus: ReadonlyArray<CameraActor>
  /** Cameras that are to run here and do not, or not as they should. */
  readonly outdated: ReadonlyArray<CameraId>
  readonly refused: ReadonlyMap<CameraId, RefusedCamera>
}

const isEnabled = (actor: CameraActor | undefined): boolean => actor !== undefined && actor.pulse().state._tag !== "Disabled"

/** Compares what should run on this node with what does. Goes over thousands of cameras in milliseconds. */
export const differenceOf = (situation: Situation): Difference => {
  const { actors, desired, group, held, refusal, sharding } = situation
  const surplus: Array<CameraActor> = []
  const outdated: Array<CameraId> = []
  const refused = new Map<CameraId, RefusedCamera>()
  let running = [...actors.values()].filter(isEnabled).length

  for (const actor of actors.values()) if (!desired.has(actor.id) && !held.has(actor.id)) surplus.push(actor)

  for (const camera of desired.values()) {
    const { enabled, id, revision } = camera
    if (held.has(id)) continue
    const shard = sharding.getShardId(EntityId.make(id), group(id))
    const isHere = sharding.hasShardId(shard)
    const actor = actors.get(id)
    // The entity that calls go to is another one than that of the actor.
    const isMisplaced = actor !== undefined && actor.shard !== shard.toString()
    if (actor !== undefined && (isMisplaced || !isHere)) surplus.push(actor)
    if (!isHere || (actor !== undefined && !isMisplaced && actor.pulse().revision === revision)) continue
    if (!enabled || isEnabled(actor)) {
      outdated.push(id)
      continue
    }
    const reason = refusal(camera, running)
    if (reason === undefined) {
      running++
      outdated.push(id)
    } else refused.set(id, { camera, reason })
  }
  return { surplus, outdated, refused }
}
