import type { Benchmark, BenchmarkResult } from "./Benchmark.js"

/** Every benchmark by its name: a new one is one file and one line here. Loaded only when it runs. */
const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  api: () => import("./api.js").then(({ api }) => api),
  ingest: () => import("./ingest.js").then(({ ingest }) => ingest),
  "detect-latency": () => import("./detect-latency.js").then(({ detectLatency }) => detectLatency),
  decode: () => import("./decode.js").then(({ decode }) => decode),
  infer: () => import("./infer.js").then(({ infer }) => infer),
  "live-latency": () => import("./live-latency.js").then(({ liveLatency }) => liveLatency),
  "control-scale": () => import("./control-scale.js").then(({ controlScale }) => controlScale),
  failover: () => import("./failover.js").then(({ failover }) => failover),
  jobs: () => import("./jobs.js").then(({ jobs }) => jobs),
  memory: () => import("./memory.js").then(({ memory }) => memory),
  rpc: () => import("./rpc.js").then(({ rpc }) => rpc)
}

const text = ({ name, ours, peer, peerName, ratio, unit }: BenchmarkResult): string =>
  `${name}: ${ours.toPrecision(4)} ${unit}; ${peerName} ${peer.toPrecision(4)} ${unit}; ratio ${ratio.toFixed(2)}`

const words = process.argv.slice(2)
if (words[0] === "soak") {
  const { soakCommand } = await import("./soak/SoakCommand.js")
  process.exit(await soakCommand(words.slice(1)))
}
const json = words.includes("--json")
const wanted = words.filter((word) => !word.startsWith("--"))
const unknown = wanted.filter((name) => !(name in benchmarks))

if (words.includes("--help") || unknown.length > 0) {
  const problem = unknown.length > 0 ? `there is no benchmark ${unknown.join(", ")}\n` : ""
  process.stderr.write(
    `${problem}npm run bench -- [NAME...] [--json]\nbenchmarks: ${Object.keys(benchmarks).join(", ")} (all without a name)\nand: soak (cameras under faults)\n`
  )
  process.exit(unknown.length > 0 ? 2 : 0)
}

for (const name of wanted.length > 0 ? wanted : Object.keys(benchmarks)) {
  const load = benchmarks[name]
  if (load === undefined) continue
  try {
    const benchmark = await load()
    for (const result of await benchmark.run()) process.stdout.write(`${json ? JSON.stringify(result) : text(result)}\n`)
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
process.exit()
