import { describe, expect, layer } from "@effect/vitest"
import {
  databaseAway,
  endNode,
  freezeNode,
  joinNode,
  killNode,
  longest,
  quiet,
  restartNats,
  undisturbed
} from "@vigil/bench/cluster/Chaos"
import { type ClusterRig, makeClusterRig, until } from "@vigil/bench/cluster/ClusterRig"
import { auditEvents } from "@vigil/bench/cluster/EventAudit"
import { hasNetworkNamespaces, makeNetworkNamespace } from "@vigil/fixtures/network/NetworkNamespace"
import { startNetworkProxy } from "@vigil/fixtures/network/NetworkProxy"
import { hasNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { hasPostgres } from "@vigil/fixtures/peer/PostgresServer"
import { Context, Effect, Layer } from "effect"

/** The way to a server, that can be cut: nothing passes, and nobody is told. */
interface Line {
  readonly address: string
  readonly cut: Effect.Effect<void>
  readonly mend: Effect.Effect<void>
}

/** The third node in a network of its own, with a cable to each server. */
const cables = Effect.gen(function* () {
  const { cables: all, within } = yield* makeNetworkNamespace(2)
  const free = [...all]
  const lines = (port: number) =>
    Effect.gen(function* () {
      const cable = yield* Effect.fromNullable(free.shift())
      const relay = yield* startNetworkProxy({ host: cable.address, target: { host: "127.0.0.1", port } })
      return {
        address: `${relay.host}:${relay.port}`,
        cut: Effect.orDie(cable.cut), // swallowed: a test whose network cannot be cut must end
        mend: Effect.orDie(cable.mend) // swallowed: as above
      } satisfies Line
    })
  return { lines, within: { within } }
})

/** Where networks cannot be made: relays that drop what they are given. */
const proxies = Effect.succeed({
  lines: (port: number) =>
    Effect.map(
      startNetworkProxy({ target: { host: "127.0.0.1", port } }),
      (proxy): Line => ({
        address: `${proxy.host}:${proxy.port}`,
        cut: Effect.sync(() => proxy.setFaults({ blackhole: true })),
        mend: Effect.sync(() => proxy.setFaults({}))
      })
    ),
  within: {}
})

/** Three nodes and their cameras; the third reaches NATS and PostgreSQL through networks that can be cut. */
class Cluster extends Context.Tag("test/Cluster")<
  Cluster,
  { readonly rig: ClusterRig; readonly natsLine: Line; readonly postgresLine: Line }
>() {
  static readonly layer = Layer.scoped(
    Cluster,
    Effect.gen(function* () {
      const rig = yield* makeClusterRig({ cameras: 60, eventEvery: 500 })
      const { lines, within } = yield* hasNetworkNamespaces ? cables : proxies
      const [natsLine, postgresLine] = [yield* lines(rig.nats.port), yield* lines(rig.postgres.port)]
      const c = {
        ...within,
        natsUrl: `nats://${natsLine.address}`,
        databaseUrl: rig.postgres.url.replace(`127.0.0.1:${rig.postgres.port}/`, `${postgresLine.address}/`)
      }
      yield* Effect.all([rig.start("a"), rig.start("b"), rig.start("c", c)], { concurrency: 3 })
      yield* quiet(rig)
      return { rig, natsLine, postgresLine }
    })
  )
}

const named = (rig: ClusterRig, name: string) =>
  Effect.fromNullable(rig.nodes().find((node) => node.name === name)).pipe(
    Effect.orDieWith(() => new Error(`there is no node ${name}`))
  )

/** Neither two actors of a camera wrote, nor is an event gone that a node was told is stored. */
const logIsWhole = (rig: ClusterRig) =>
  Effect.gen(function* () {
    const audit = yield* auditEvents(rig)
    expect(audit).toMatchObject({ gaps: 0, interleaved: 0, lost: 0 })
    expect(audit.events).toBeGreaterThan(0)
  })

const cut = (...lines: ReadonlyArray<Line>) => Effect.forEach(lines, (line) => line.cut, { discard: true })
const mend = (...lines: ReadonlyArray<Line>) => Effect.forEach(lines, (line) => line.mend, { discard: true })

describe.skipIf(!hasNatsServer || !hasPostgres)("a cluster under faults [needs nats-server and postgresql]", () => {
  layer(Cluster.layer, { excludeTestServices: true })((it) => {
    it.effect(
      "a node that is killed: all its cameras run elsewhere; started again, it gets its part back",
      () =>
        Effect.gen(function* () {
          const { rig } = yield* Cluster
          const node = yield* named(rig, "a")
          const cameras = rig.ownership.on(node.pid).length
          expect(cameras).toBeGreaterThan(0)
          const killed = yield* killNode(rig, node)
          expect(killed.cameras).toBe(cameras)
          const { node: again } = yield* joinNode(rig, "a")
          expect(rig.ownership.on(again.pid).length).toBe(cameras)
          yield* logIsWhole(rig)
        }),
      120_000
    )

    it.effect(
      "a node that stands still is fenced; going on, it writes nothing and stops its actors",
      () =>
        Effect.gen(function* () {
          const { rig } = yield* Cluster
          const refused = rig.refused.length
          const frozen = yield* freezeNode(rig, yield* named(rig, "b"))
          expect(frozen.cameras).toBeGreaterThan(0)
          yield* quiet(rig)
          expect(rig.refused.length).toBeGreaterThan(refused)
          yield* logIsWhole(rig)
        }),
      120_000
    )

    it.effect(
      "a node that is asked to end gives its cameras away and ends well",
      () =>
        Effect.gen(function* () {
          const { rig } = yield* Cluster
          const ended = yield* endNode(rig, yield* named(rig, "a"))
          expect(ended.code).toBe(0)
          expect(ended.cameras).toBeGreaterThan(0)
          // Nothing was running twice: it gave up each camera before another node took it.
          expect(Math.min(...ended.times)).toBeGreaterThanOrEqual(0)
          expect(longest(ended)).toBeLessThan(10_000)
          yield* joinNode(rig, "a")
        }),
      120_000
    )

    it.effect(
      "NATS restarting and PostgreSQL being away for eight seconds start no camera anew",
      () =>
        Effect.gen(function* () {
          const { rig } = yield* Cluster
          expect(yield* undisturbed(rig, restartNats(rig, 1), 4)).toBe(0)
          expect(yield* undisturbed(rig, databaseAway(rig, 8), 3)).toBe(0)
          yield* logIsWhole(rig)
        }),
      120_000
    )

    it.effect(
      "a node that is cut off from PostgreSQL alone goes on, and its events are stored afterwards",
      () =>
        Effect.gen(function* () {
          const { postgresLine, rig } = yield* Cluster
          const node = yield* named(rig, "c")
          const cameras = rig.ownership.on(node.pid)
          const stored = rig.stored.length
          const restarted = yield* undisturbed(
            rig,
            cut(postgresLine).pipe(Effect.zipRight(Effect.sleep("5 seconds")), Effect.ensuring(mend(postgresLine))),
            3
          )
          expect(restarted).toBe(0)
          expect(rig.ownership.on(node.pid)).toEqual(cameras)
          expect(rig.stored.length).toBeGreaterThan(stored)
          yield* logIsWhole(rig)
        }),
      120_000
    )

    it.effect.each(["NATS", "NATS and PostgreSQL"])(
      "a node that is cut off from %s loses its cameras to others, and comes back",
      (from) =>
        Effect.gen(function* () {
          const { natsLine, postgresLine, rig } = yield* Cluster
          const lines = from === "NATS" ? [natsLine] : [natsLine, postgresLine]
          const node = yield* named(rig, "c")
          const rest = rig.nodes().filter(({ pid }) => pid !== node.pid)
          yield* cut(...lines)
          yield* rig.settled(rest).pipe(Effect.ensuring(mend(...lines)))
          yield* until("cameras come back to it", () => rig.ownership.on(node.pid).length > 0)
          yield* quiet(rig)
          yield* logIsWhole(rig)
        }),
      120_000
    )
  })
})
