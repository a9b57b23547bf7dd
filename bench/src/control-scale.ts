import { Effect } from "effect"
import { readFileSync } from "node:fs"
import type { Benchmark, BenchmarkResult } from "./Benchmark.js"
import { killNode, p95 } from "./cluster/Chaos.js"
import { type ClusterRig, makeClusterRig } from "./cluster/ClusterRig.js"
import { memoryOf } from "./process/ProcessTree.js"
import { runToEnd } from "./RunToEnd.js"

const cameras = 6000
const names = ["a", "b", "c"]
/** Seconds until nothing of the start is going on any more, and seconds in which the processors are watched then. */
const settle = 15
const watched = 10

/** What is expected of the control plane: seconds until all run, milliseconds until a dead node's run, kB a camera, share of a core at rest in all nodes. */
const bars = { start: 60, failover: 15_000, memory: 500, rest: 0.5 }

/** Of CLK_TCK, which Linux fixes at 100 for user space. */
const ticks = 100

const processorSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) / ticks
}

const used = (rig: ClusterRig) => rig.nodes().reduce((sum, { pid }) => sum + processorSeconds(pid), 0)
const memory = (rig: ClusterRig) => rig.nodes().reduce((sum, { pid }) => sum + (memoryOf(pid)?.proportional ?? 0), 0)

const tell = (text: string) => Effect.sync(() => process.stderr.write(`control-scale: ${text}\n`))

const line = (what: string, ours: number, bar: number, unit: string): BenchmarkResult => ({
  name: `control-scale: ${what}`,
  ours,
  peer: bar,
  peerName: "bar",
  ratio: ours / bar,
  unit
})

const startNodes = (rig: ClusterRig) => Effect.forEach(names, (name) => rig.start(name), { concurrency: names.length })

/** Memory of the same nodes without cameras. */
const emptyNodes = Effect.scoped(
  Effect.gen(function* () {
    const rig = yield* makeClusterRig({ cameras: 0 })
    yield* startNodes(rig)
    yield* Effect.sleep("5 seconds")
    return memory(rig)
  })
)

const run = Effect.gen(function* () {
  const empty = yield* emptyNodes
  const rig = yield* makeClusterRig({ cameras })
  yield* tell(`${cameras} cameras are in the database`)
  const began = performance.now()
  yield* startNodes(rig)
  yield* rig.settled(undefined, 180)
  const started = (performance.now() - began) / 1000
  const parts = rig.nodes().map(({ name, pid }) => `${name} ${rig.ownership.on(pid).length}`)
  yield* tell(`all run ${started.toFixed(1)} s after three processes were started: ${parts.join(", ")}`)
  yield* Effect.sleep(settle * 1000)
  const before = used(rig)
  yield* Effect.sleep(watched * 1000)
  const rest = (used(rig) - before) / watched
  const each = (memory(rig) - empty) / cameras / 1000
  yield* tell(`at rest ${(rest * 100).toFixed(0)} % of a core in all nodes, ${each.toFixed(1)} kB for each camera`)
  const [node] = rig.nodes()
  if (node === undefined) return yield* Effect.dieMessage("no node is left")
  const killed = yield* killNode(rig, node, 120)
  yield* tell(`kill -9: ${killed.cameras} cameras run elsewhere, p95 ${p95(killed).toFixed(0)} ms`)
  return [
    line("6,000 cameras run on three nodes", started, bars.start, "s"),
    line("memory", each, bars.memory, "kB/camera"),
    line("processors at rest", rest, bars.rest, "cores"),
    line("failover of 2,000 cameras (p95)", p95(killed), bars.failover, "ms")
  ]
})

/** What many cameras cost that have no media: to bring them up, to hold them, to lose a node. */
export const controlScale: Benchmark = {
  name: "control-scale",
  run: () => runToEnd(Effect.scoped(run))
}
