import { Sharding, ShardId } from "@effect/cluster"
import { Effect, PubSub, Schedule, type Scope, Stream } from "effect"

/** Sharding tells nobody when shards come and go; a look at all of them costs 0.1 ms. */
const interval = "100 millis"

export const shardsOf = (group: string, count: number): ReadonlyArray<ShardId.ShardId> =>
  Array.from({ length: count }, (_, index) => ShardId.make(group, index + 1))

export interface ShardWatch {
  /** Of the watched shards, how many are held here. */
  readonly held: () => number
  readonly changes: Stream.Stream<void>
  /** Whoever watches may have to look again for another reason. */
  readonly tell: () => void
}

/** Watches which shards are held here. */
export const makeShardWatch = (
  shards: ReadonlyArray<ShardId.ShardId>
): Effect.Effect<ShardWatch, never, Sharding.Sharding | Scope.Scope> =>
  Effect.gen(function* () {
    const sharding = yield* Sharding.Sharding
    const told = yield* PubSub.sliding<void>(1)
    const held = new Set<ShardId.ShardId>()

    const tell = () => void told.unsafeOffer(undefined)

    const look = () => {
      let changed = false
      for (const shard of shards) {
        if (sharding.hasShardId(shard) === held.has(shard)) continue
        changed = true
        if (!held.delete(shard)) held.add(shard)
      }
      if (changed) tell()
    }

    yield* Effect.sync(look).pipe(Effect.repeat(Schedule.spaced(interval)), Effect.forkScoped)
    return { held: () => held.size, changes: Stream.fromPubSub(told), tell }
  })
