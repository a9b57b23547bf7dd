import { MachineId, Runner, type RunnerAddress, RunnerStorage, type ShardId } from "@effect/cluster"
import { PersistenceError } from "@effect/cluster/ClusterError"
import type { NodeName } from "@vigil/core/Node"
import { NodeFence } from "@vigil/core/port/NodeFence"
import { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Context, Deferred, Duration, Effect, Layer, Schedule } from "effect"
import type { ConnectionOptions } from "../database/Connection.js"
import { DatabaseError } from "../database/DatabaseError.js"
import { createRunnerTable } from "./ClusterTables.js"
import { identityKey, type LockKey, lockKey, sessionName } from "./LockKey.js"
import { holders, makeLockSession, type NameTaken, type HeldSession, type SessionLost, tryLock } from "./LockSession.js"

export interface RunnerStorageOptions {
  readonly connection: ConnectionOptions
  /** Clusters of different names share a database without meeting. */
  readonly cluster: string
  readonly node: NodeName
  /** The shard group that no other node holds: the lock on the node's name covers it. */
  readonly ownGroup: string
  /** Seconds after which a node that is not heard of is forgotten, and its locks are free. */
  readonly forgetAfter: number
  /** How long a server that is too slow to answer is asked again at the start; not at all by default. */
  readonly startLimit?: Duration.Duration
}

/**
 * Milliseconds that locks are waited for which somebody is about to release: until the first ones come, those of the own group not counted, and after
 * some came; and between two looks. Sharding asks again only a second after it was answered.
 */
const patience = { first: 1200, further: 300 }
const look = 40
/** Milliseconds in which locks that are released one by one are gathered for one statement. */
const gathering = 10
/** Milliseconds after which a lock that nobody asks for any more is given back. */
const strayAfter = 5000

/** How long a name that is taken is waited for at start: a node that was killed holds it until PostgreSQL notices. */
const nameRetries = Schedule.spaced("500 millis").pipe(Schedule.upTo("6 seconds"))

const detailOf = (error: SessionLost | NameTaken): string =>
  error._tag === "NameTaken" ? `another process runs as node ${error.node}` : error.detail

const parse = (text: string): ReadonlyArray<Runner.Runner> => {
  try {
    return [Runner.Runner.decodeSync(text)]
  } catch {
    // swallowed: a node of another version may write what this one cannot read; it is not a member for us then
    return []
  }
}

/** Locks that are about to be released. */
interface Leaving {
  readonly keys: Array<LockKey>
  readonly done: Deferred.Deferred<void, SessionLost | NameTaken>
}

interface RunnerRow {
  readonly runner: string
  readonly healthy: boolean
}

const make = (options: RunnerStorageOptions) =>
  Effect.gen(function* () {
    const { cluster, node, ownGroup } = options
    const identity = identityKey(cluster, node)
    const connection = { ...options.connection, application_name: sessionName(cluster, node) }
    const scope = yield* Effect.scope
    const session = yield* makeLockSession({ connection, node, identity, idle: options.forgetAfter })

    const keys = new Map<ShardId.ShardId, LockKey>()
    const keyOf = (shard: ShardId.ShardId): LockKey => {
      if (shard.group === ownGroup) return identity
      const known = keys.get(shard)
      if (known !== undefined) return known
      const key = lockKey(cluster, `shard ${shard.toString()}`)
      keys.set(shard, key)
      return key
    }

    const ask: typeof session.ask = session.ask
    const persistent = <A>(effect: Effect.Effect<A, SessionLost | NameTaken>) =>
      Effect.mapError(effect, (error) => new PersistenceError({ cause: new Error(detailOf(error)) }))

    const query = <Row extends object>(text: string, values: ReadonlyArray<unknown>) =>
      ask(async ({ client }) => (await client.query<Row>(text, [...values])).rows)

    const holds =
      ({ held }: HeldSession) =>
      (shard: ShardId.ShardId) => {
        const key = keyOf(shard)
        return key === identity || held.has(key)
      }

    /** Tries those locks of the shards that the session does not hold; answers the shards whose locks it then holds. */
    const lock = async (to: HeldSession, shards: ReadonlyArray<ShardId.ShardId>) => {
      const isHeld = holds(to)
      const missing = shards.filter((shard) => !isHeld(shard)).map(keyOf)
      for (const key of await tryLock(to.client, missing)) to.held.set(key, performance.now())
      return shards.filter(isHeld)
    }

    const unlock = async ({ client, held }: HeldSession, gone: ReadonlyArray<LockKey>) => {
      if (gone.length === 0) return
      await client.query("select pg_advisory_unlock(key) from unnest($1::bigint[]) as key", [gone])
      for (const key of gone) held.delete(key)
    }

    const release = (which: (held: HeldSession["held"]) => ReadonlyArray<LockKey>) =>
      // Without a connection there are no locks.
      Effect.suspend(() => (session.connected() ? ask((to) => unlock(to, which(to.held))) : Effect.void))

    /** Locks that were granted to a round that had been given up, so that nobody learned of them. */
    const straysOf = ({ held }: HeldSession, wanted: ReadonlyArray<ShardId.ShardId>) => {
      const known = new Set(wanted.map(keyOf))
      const limit = performance.now() - strayAfter
      return [...held].flatMap(([key, since]) => (!known.has(key) && since < limit ? [key] : []))
    }

    const acquire = (shards: ReadonlyArray<ShardId.ShardId>) =>
      Effect.gen(function* () {
        const attempt = ask((to) => lock(to, shards))
        const deadline = performance.now() + patience.first
        let granted = yield* attempt
        let progress = performance.now()
        while (granted.length < shards.length && performance.now() < deadline) {
          const shared = granted.some((shard) => shard.group !== ownGroup)
          if (shared && performance.now() - progress > patience.further) break
          yield* Effect.sleep(look)
          const before = granted.length
          granted = yield* attempt
          if (granted.length !== before) progress = performance.now()
        }
        return granted
      })

    let leaving: Leaving | undefined

    const leave = Effect.gen(function* () {
      const batch: Leaving = { keys: [], done: yield* Deferred.make<void, SessionLost | NameTaken>() }
      leaving = batch
      yield* Effect.suspend(() => {
        leaving = undefined
        return release((held) => batch.keys.filter((key) => held.has(key)))
      }).pipe(Effect.delay(gathering), Effect.intoDeferred(batch.done), Effect.forkIn(scope))
      return batch
    })

    const releaseOne = (key: LockKey) =>
      Effect.gen(function* () {
        const batch = leaving ?? (yield* leave)
        batch.keys.push(key)
        yield* Deferred.await(batch.done)
      })

    yield* ask(({ client }) => createRunnerTable(client)).pipe(
      Effect.retry({ schedule: nameRetries, while: (error) => error._tag === "NameTaken" }),
      Effect.tapErrorTag("SessionLost", ({ detail }) => Effect.logWarning(`the cluster's locks in PostgreSQL: ${detail}`)),
      Effect.retry({
        schedule: Schedule.spaced("1 second").pipe(Schedule.upTo(options.startLimit ?? Duration.zero)),
        while: (error) => error._tag === "SessionLost"
      }),
      Effect.mapError((error) =>
        error._tag === "NameTaken"
          ? new DatabaseError({
              step: `join the cluster ${cluster}`,
              detail: `a process that runs as node ${node} is connected already: give this one another --name, or end that one`
            })
          : new DatabaseError({ step: `join the cluster ${cluster}`, detail: error.detail })
      )
    )

    const addressOf = (address: RunnerAddress.RunnerAddress) => `${address.host}:${address.port}`

    const storage = RunnerStorage.RunnerStorage.of({
      getRunners: persistent(
        query<RunnerRow>(
          `select runner, healthy from cluster_runners
           where cluster = $1 and last_heartbeat > now() - make_interval(secs => $2) order by address`,
          [cluster, options.forgetAfter]
        )
      ).pipe(
        Effect.map((rows) =>
          rows.flatMap(({ healthy, runner }) => parse(runner).map((known): [Runner.Runner, boolean] => [known, healthy]))
        )
      ),

      register: (runner, healthy) =>
        persistent(
          query<{ readonly machine_id: number }>(
            `insert into cluster_runners (cluster, address, runner, healthy) values ($1, $2, $3, $4)
             on conflict (cluster, address) do update
               set runner = excluded.runner, healthy = excluded.healthy, last_heartbeat = now()
             returning machine_id`,
            [cluster, addressOf(runner.address), Runner.Runner.encodeSync(runner), healthy]
          )
        ).pipe(Effect.map(([row]) => MachineId.make(row?.machine_id ?? 0))),

      unregister: (address) =>
        persistent(
          query(
            `delete from cluster_runners
             where cluster = $1 and (address = $2 or last_heartbeat < now() - make_interval(secs => $3))`,
            [cluster, addressOf(address), options.forgetAfter]
          )
        ).pipe(Effect.asVoid),

      setRunnerHealth: (address, healthy) =>
        persistent(
          query("update cluster_runners set healthy = $3 where cluster = $1 and address = $2", [
            cluster,
            addressOf(address),
            healthy
          ])
        ).pipe(Effect.asVoid),

      acquire: (_address, shards) => Effect.map(persistent(acquire([...shards])), (granted) => [...granted]),

      refresh: (address, shards) => {
        const wanted = [...shards]
        return persistent(
          ask(async (to) => {
            await to.client.query("update cluster_runners set last_heartbeat = now() where cluster = $1 and address = $2", [
              cluster,
              addressOf(address)
            ])
            await unlock(to, straysOf(to, wanted))
            return lock(to, wanted)
          })
        )
      },

      release: (_address, shard) => persistent(releaseOne(keyOf(shard))),

      releaseAll: () => persistent(release((held) => [...held.keys()]))
    })

    const fence = NodeFence.of({
      fence: (other) =>
        query(
          `select pg_terminate_backend(pid) from (
             ${holders} union select pid from pg_stat_activity where datname = current_database() and application_name = $2
           ) as sessions where pid <> pg_backend_pid()`,
          [identityKey(cluster, other), sessionName(cluster, other)]
        ).pipe(
          Effect.map((rows) => rows.length),
          Effect.mapError((error) => new StoreUnavailable({ operation: `fence node ${other}`, detail: detailOf(error) }))
        )
    })

    return Context.make(RunnerStorage.RunnerStorage, storage).pipe(Context.add(NodeFence, fence))
  })

/**
 * Members of a cluster in the table `cluster_runners`, shard locks as advisory locks of one session. A node whose session was ended by another
 * one ({@link NodeFence}) is answered the truth by its next `refresh`: what it still holds, which may be nothing. An error says that PostgreSQL could not
 * be asked. Needs a connection of its own for each node: a pooler that shares sessions loses locks.
 */
export const layerRunnerStoragePostgres = (
  options: RunnerStorageOptions
): Layer.Layer<RunnerStorage.RunnerStorage | NodeFence, DatabaseError> => Layer.scopedContext(make(options))
