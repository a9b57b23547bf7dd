import { Effect } from "effect"
import type { Benchmark, BenchmarkResult } from "./Benchmark.js"
import {
  databaseAway,
  freezeNode,
  joinNode,
  killNode,
  longest,
  type Outcome,
  p50,
  p95,
  quiet,
  restartNats,
  undisturbed
} from "./cluster/Chaos.js"
import { makeClusterRig } from "./cluster/ClusterRig.js"
import { auditEvents } from "./cluster/EventAudit.js"
import { runToEnd } from "./RunToEnd.js"

const cameras = 100
const kills = 10
const names = ["a", "b", "c"]
const eventEvery = 1000
/** Seconds that nothing may happen in after an outage. */
const watched = 5

/** What is promised, in milliseconds. */
const bars = { kill: 2000, freeze: 6000, rejoin: 2000 }

const line = (name: string, ours: number, peer: number, peerName: string, unit: string): BenchmarkResult => ({
  name,
  ours,
  peer,
  peerName,
  ratio: peer === 0 ? ours : ours / peer,
  unit
})

const tell = (text: string) => Effect.sync(() => process.stderr.write(`failover: ${text}\n`))

const describe = (outcome: Outcome) =>
  `${outcome.cameras} cameras, p50 ${p50(outcome).toFixed(0)} ms, p95 ${p95(outcome).toFixed(0)} ms, longest ${longest(outcome).toFixed(0)} ms`

const together = (outcomes: ReadonlyArray<Outcome>): Outcome => ({
  cameras: outcomes.reduce((sum, outcome) => sum + outcome.cameras, 0),
  times: outcomes.flatMap(({ times }) => times)
})

const run = Effect.gen(function* () {
  const rig = yield* makeClusterRig({ cameras, eventEvery })
  yield* Effect.forEach(names, (name) => rig.start(name), { concurrency: names.length })
  yield* quiet(rig)

  const killed: Array<Outcome> = []
  const rejoined: Array<Outcome> = []
  for (let round = 0; round < kills; round++) {
    const node = rig.nodes().find(({ name }) => name === names[round % names.length])
    if (node === undefined) continue
    const outcome = yield* killNode(rig, node)
    yield* tell(`kill -9 ${node.name}: ${describe(outcome)}`)
    killed.push(outcome)
    rejoined.push(yield* joinNode(rig, node.name))
  }
  const back = together(rejoined)
  yield* tell(`rejoined: ${describe(back)}`)

  const [first] = rig.nodes()
  if (first === undefined) return yield* Effect.dieMessage("no node is left")
  const frozen = yield* freezeNode(rig, first)
  yield* tell(
    `SIGSTOP ${first.name}: ${describe(frozen)}; after SIGCONT both ran for ${frozen.overlap.toFixed(0)} ms at the most`
  )
  yield* quiet(rig)

  const byNats = yield* undisturbed(rig, restartNats(rig, 1), watched)
  const byDatabase = yield* undisturbed(rig, databaseAway(rig, 8), watched)
  yield* tell(`cameras that were started anew: ${byNats} by NATS restarting, ${byDatabase} by PostgreSQL being away for 8 s`)

  const audit = yield* auditEvents(rig)
  yield* tell(
    `${audit.events} events: ${audit.gaps} gaps, ${audit.interleaved} written by an actor whose time was over, ${audit.lost} acknowledged and lost; ` +
      `${rig.refused.length} refused`
  )
  const all = together(killed)
  return [
    line("failover (p50)", p50(all), bars.kill, "bar", "ms"),
    line("failover", p95(all), bars.kill, "bar", "ms"),
    line("failover of a node that stands still (longest)", longest(frozen), bars.freeze, "bar", "ms"),
    line("pause of a camera when a node rejoins (longest)", longest(back), bars.rejoin, "bar", "ms"),
    line("cameras started anew by NATS restarting", byNats, 0, "bar", "cameras"),
    line("cameras started anew by PostgreSQL away for 8 s", byDatabase, 0, "bar", "cameras"),
    line("events out of order, lost or of stale actors", audit.gaps + audit.interleaved + audit.lost, 0, "bar", "events")
  ]
})

/** Three nodes, a hundred cameras without media, and what may happen to nodes and to what they need. */
export const failover: Benchmark = {
  name: "failover",
  run: () => runToEnd(Effect.scoped(run))
}
