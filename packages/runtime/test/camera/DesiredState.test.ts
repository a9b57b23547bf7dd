import { ShardId } from "@effect/cluster"
import { CameraId, defaultTenant } from "@vigil/core/Ids"
import type { CameraOutline } from "@vigil/core/port/CameraStore"
import { differenceOf, type Situation } from "@vigil/runtime/camera/DesiredState"
import { describe, expect, it } from "vitest"
import { makeCamera } from "../material/ControlNode.js"
import { play } from "../material/PlayedActor.js"

const id = (n: number) => CameraId.make(`00000000-0000-4000-8000-${String(n).padStart(12, "0")}`)

const outline = (n: number, fields: Partial<CameraOutline> = {}): CameraOutline => ({
  id: id(n),
  tenantId: defaultTenant,
  revision: 1,
  enabled: true,
  ...fields
})

/** Shards are named after the last digit of the camera. */
const sharding = (here: (shard: string) => boolean): Situation["sharding"] => ({
  getShardId: (entity, group) => ShardId.make(group, Number(entity.slice(-1))),
  hasShardId: (shard) => here(shard.toString())
})

const actorOf = (camera: CameraOutline, shard: string) => {
  const { actor } = play({ ...makeCamera(), id: camera.id, revision: camera.revision, enabled: camera.enabled }, 1)
  return { ...actor, shard }
}

const look = (cameras: ReadonlyArray<CameraOutline>, fields: Partial<Situation> = {}) =>
  differenceOf({
    desired: new Map(cameras.map((camera) => [camera.id, camera])),
    actors: new Map(),
    sharding: sharding(() => true),
    group: () => "default",
    held: new Set(),
    refusal: () => undefined,
    ...fields
  })

const actors = (...list: ReadonlyArray<ReturnType<typeof actorOf>>) => new Map(list.map((actor) => [actor.id, actor]))

describe("the difference between what should run here and what does", () => {
  it("is what is missing and what is outdated, of this node's shards", () => {
    const [same, old] = [actorOf(outline(1), "default:1"), actorOf(outline(2), "default:2")]
    const difference = look([outline(1), outline(2, { revision: 2 }), outline(3), outline(4)], {
      actors: actors(same, old),
      sharding: sharding((shard) => shard !== "default:4")
    })
    expect(difference).toEqual({ surplus: [], outdated: [id(2), id(3)], refused: new Map() })
  })

  it("has actors that must end: removed cameras, lost shards, cameras placed elsewhere, other entities", () => {
    const [removed, lost, placed, moved] = [1, 2, 3, 4].map((n) => actorOf(outline(n), `default:${n}`))
    if (removed === undefined || lost === undefined || placed === undefined || moved === undefined) throw new Error("no actors")
    const { outdated, surplus } = look([outline(2), outline(3), outline(4)], {
      actors: actors(removed, lost, placed, moved),
      sharding: sharding((shard) => shard !== "default:2" && !shard.startsWith("node-b")),
      group: (camera) => (camera === placed.id ? "node-b" : camera === moved.id ? "node-a" : "default")
    })
    expect(surplus.map((actor) => actor.id)).toEqual([id(1), id(2), id(3), id(4)])
    // Placed on this very node, it starts again as another entity.
    expect(outdated).toEqual([id(4)])
  })

  it("refuses what there is no room for, but neither what runs already nor what is switched off", () => {
    const actor = actorOf(outline(1), "default:1")
    const { outdated, refused } = look([outline(1, { revision: 2 }), outline(2), outline(3), outline(4, { enabled: false })], {
      actors: actors(actor),
      refusal: (_, count) => (count >= 2 ? `full at ${count}` : undefined)
    })
    expect(outdated).toEqual([id(1), id(2), id(4)])
    expect([...refused]).toEqual([[id(3), { camera: outline(3), reason: "full at 2" }]])
  })

  it("leaves cameras alone that are on their way to another node", () => {
    const actor = actorOf(outline(1), "default:1")
    const difference = look([outline(2)], { actors: actors(actor), held: new Set([id(1), id(2)]) })
    expect(difference).toEqual({ surplus: [], outdated: [], refused: new Map() })
  })
})
