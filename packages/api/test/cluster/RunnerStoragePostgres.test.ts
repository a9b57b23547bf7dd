import { Runner, RunnerAddress, RunnerStorage, ShardId } from "@effect/cluster"
import { describe, expect, layer } from "@effect/vitest"
import { layerRunnerStoragePostgres } from "@vigil/api/cluster/RunnerStoragePostgres"
import { sessionName } from "@vigil/api/cluster/LockKey"
import { NodeName } from "@vigil/core/Node"
import { NodeFence } from "@vigil/core/port/NodeFence"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import pg from "pg"
import { EmbeddedDatabase } from "../EmbeddedDatabase.js"

const shards = (count: number, group = "default") => Array.from({ length: count }, (_, index) => ShardId.make(group, index + 1))
const names = (found: Iterable<ShardId.ShardId>) => [...found].map((shard) => shard.toString()).sort()

const join = (cluster: string, name: string, forgetAfter = 75) =>
  Effect.gen(function* () {
    const { connection } = yield* EmbeddedDatabase
    const node = NodeName.make(name)
    const context = yield* Layer.build(
      layerRunnerStoragePostgres({ connection, cluster, node, ownGroup: `node-${name}`, forgetAfter })
    )
    const storage = Context.get(context, RunnerStorage.RunnerStorage)
    const address = RunnerAddress.make(name, 1)
    return {
      address,
      storage,
      fence: Context.get(context, NodeFence).fence,
      register: storage.register(Runner.make({ address, groups: ["default", `node-${name}`], weight: 1 }), true)
    }
  })

/** Statements of somebody else's, an administrator's. */
const administer = <Row extends object>(text: string, values: ReadonlyArray<unknown> = []) =>
  Effect.gen(function* () {
    const { connection } = yield* EmbeddedDatabase
    return yield* Effect.promise(async () => {
      const client = new pg.Client(connection)
      await client.connect()
      try {
        return (await client.query<Row>(text, [...values])).rows
      } finally {
        await client.end()
      }
    })
  })

const sessionsOf = (cluster: string, name: string) =>
  administer<{ readonly pid: number }>("select pid from pg_stat_activity where application_name = $1", [
    sessionName(cluster, name)
  ])

describe("runner storage in PostgreSQL", () => {
  layer(EmbeddedDatabase.layer, { excludeTestServices: true })((it) => {
    it.scoped("a shard is one node's at a time, and free once it is released", () =>
      Effect.gen(function* () {
        const a = yield* join("one", "a")
        const b = yield* join("one", "b")
        expect(names(yield* a.storage.acquire(a.address, shards(3)))).toEqual(names(shards(3)))
        expect(names(yield* b.storage.acquire(b.address, shards(5)))).toEqual(["default:4", "default:5"])
        yield* a.storage.release(a.address, ShardId.make("default", 2))
        expect(names(yield* b.storage.acquire(b.address, shards(5)))).toEqual(["default:2", "default:4", "default:5"])
        expect(names(yield* a.storage.refresh(a.address, shards(5)))).toEqual(["default:1", "default:3"])
        yield* a.storage.releaseAll(a.address)
        expect(names(yield* b.storage.refresh(b.address, shards(5)))).toEqual(names(shards(5)))
      })
    )

    it.scoped("shards that are about to be released are waited for", () =>
      Effect.gen(function* () {
        const a = yield* join("waiting", "a")
        const b = yield* join("waiting", "b")
        yield* a.storage.acquire(a.address, shards(2))
        const [granted] = yield* Effect.all(
          [
            b.storage.acquire(b.address, shards(2)),
            Effect.forEach(shards(2), (shard) => a.storage.release(a.address, shard)).pipe(Effect.delay("100 millis"))
          ],
          { concurrency: 2 }
        )
        expect(names(granted)).toEqual(names(shards(2)))
      })
    )

    it.scoped("two clusters in one database do not see each other's members nor locks", () =>
      Effect.gen(function* () {
        const east = yield* join("east", "a")
        const west = yield* join("west", "a")
        yield* east.register
        yield* west.register
        const own = [...shards(300), ...shards(300, "node-a")]
        expect(yield* east.storage.acquire(east.address, own)).toHaveLength(600)
        expect(yield* west.storage.acquire(west.address, own)).toHaveLength(600)
        const members = yield* west.storage.getRunners
        expect(members.map(([{ address }, healthy]) => [address.host, healthy])).toEqual([["a", true]])
        yield* east.storage.setRunnerHealth(east.address, false)
        expect((yield* west.storage.getRunners).map(([, healthy]) => healthy)).toEqual([true])
        expect(yield* west.fence(NodeName.make("nobody"))).toBe(0)
        expect(yield* sessionsOf("east", "a")).toHaveLength(1)
      })
    )

    it.scoped("a fenced node loses its locks to others, and its next refresh says so", () =>
      Effect.gen(function* () {
        const a = yield* join("fencing", "a")
        const b = yield* join("fencing", "b")
        yield* a.storage.acquire(a.address, shards(4))
        expect(yield* b.fence(NodeName.make("a"))).toBe(1)
        expect(names(yield* b.storage.acquire(b.address, shards(3)))).toEqual(names(shards(3)))
        expect(names(yield* a.storage.refresh(a.address, shards(4)))).toEqual(["default:4"])
      })
    )

    it.scoped("a session that is cut is replaced, and its locks are taken again by the node that had them", () =>
      Effect.gen(function* () {
        const a = yield* join("cut", "a")
        yield* a.storage.acquire(a.address, shards(4))
        yield* Effect.forEach(yield* sessionsOf("cut", "a"), ({ pid }) => administer("select pg_terminate_backend($1)", [pid]))
        expect(names(yield* a.storage.refresh(a.address, shards(4)))).toEqual(names(shards(4)))
      })
    )

    it.scoped("a name has one process", () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        yield* join("names", "a").pipe(Scope.extend(scope))
        const second = yield* Effect.fork(Effect.scoped(join("names", "a")))
        yield* Effect.sleep("1 second")
        expect(second.unsafePoll()).toBeNull()
        yield* Scope.close(scope, Exit.void)
        yield* second
      })
    )

    it.scoped("a session that asks nothing for long is ended by the server, with its locks", () =>
      Effect.gen(function* () {
        const a = yield* join("quiet", "a", 1)
        const b = yield* join("quiet", "b")
        yield* a.storage.acquire(a.address, shards(2))
        yield* Effect.sleep("1300 millis")
        expect(names(yield* b.storage.acquire(b.address, shards(2)))).toEqual(names(shards(2)))
      })
    )

    it.scoped("a member that nobody heard of for long is none", () =>
      Effect.gen(function* () {
        const a = yield* join("silence", "a")
        yield* a.register
        yield* administer("update cluster_runners set last_heartbeat = now() - interval '80 seconds' where cluster = 'silence'")
        expect(yield* a.storage.getRunners).toEqual([])
        yield* a.storage.refresh(a.address, [])
        expect(yield* a.storage.getRunners).toHaveLength(1)
        yield* a.storage.unregister(a.address)
        expect(yield* a.storage.getRunners).toEqual([])
      })
    )
  })
})
