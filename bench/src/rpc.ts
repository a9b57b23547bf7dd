import { fork } from "node:child_process"
import { loadavg } from "node:os"
import { RpcClient, RpcSerialization } from "@effect/rpc"
import { startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { percentile } from "@vigil/runtime/camera/LatencyWindow"
import { Nats } from "@vigil/runtime/nats/Nats"
import { layerClientProtocol } from "@vigil/runtime/rpc/NatsRpcClient"
import { Effect } from "effect"
import type { Benchmark, BenchmarkResult } from "./Benchmark.js"
import { runToEnd } from "./RunToEnd.js"
import { plain, plainBytes, StatusCalls, typed } from "./rpc/StatusCall.js"

/** In turn, so that what else the machine does meets both alike. */
const rounds = 12
const oneByOne = 250
const together = 4000
const concurrency = 64

interface Measured {
  /** Milliseconds of single calls. */
  readonly latencies: Array<number>
  /** Calls a second, for each round. */
  readonly rates: Array<number>
}

const nothingYet = (): Measured => ({ latencies: [], rates: [] })

type Call = () => Promise<unknown>

const measure = async (call: Call, { latencies, rates }: Measured): Promise<void> => {
  for (let n = 0; n < oneByOne; n++) {
    const begun = performance.now()
    await call()
    latencies.push(performance.now() - begun)
  }
  let left = together
  const caller = async () => {
    while (left-- > 0) await call()
  }
  const begun = performance.now()
  await Promise.all(Array.from({ length: concurrency }, caller))
  rates.push((together / (performance.now() - begun)) * 1000)
}

const resultsOf = (ours: Measured, peer: Measured): ReadonlyArray<BenchmarkResult> => {
  const line = (name: string, of: (measured: Measured) => number | undefined, unit: string): BenchmarkResult => {
    const [mine = Number.NaN, other = Number.NaN] = [of(ours), of(peer)]
    return { name: `rpc ${name}`, ours: mine, peer: other, peerName: "NATS request", ratio: mine / other, unit }
  }
  return [
    line(`${concurrency} at a time`, ({ rates }) => percentile(rates, 0.5), "calls/s"),
    line("p50", ({ latencies }) => percentile(latencies, 0.5), "ms"),
    line("p95", ({ latencies }) => percentile(latencies, 0.95), "ms")
  ]
}

/** The process with both servers, until the scope ends. */
const startServer = (url: string) =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => fork(new URL("./rpc/StatusServer.js", import.meta.url), [url])),
      (running) => Effect.sync(() => void running.kill("SIGKILL"))
    )
    yield* Effect.async<void>((resume) => {
      child.once("message", () => resume(Effect.void))
      child.once("exit", (code) => resume(Effect.dieMessage(`rpc: the server ended with code ${code}`)))
    })
  })

/** Typed calls over NATS to another process beside plain NATS requests of the same size, over one nats-server on loopback. */
export const rpc: Benchmark = {
  name: "rpc",
  run: () =>
    Effect.gen(function* () {
      const server = yield* startNatsServer({ jetStream: false })
      yield* startServer(server.url)
      return yield* Effect.gen(function* () {
        const { connection } = yield* Nats
        const client = yield* RpcClient.make(StatusCalls, { disableTracing: true })
        const payload = { cameraId: "0193b3c4-8f5e-7cc3-a1b2-5d3e9f0a7c11" }
        const bytes = new Uint8Array(plainBytes.call)
        const ours = () => Effect.runPromise(client.Status(payload))
        const peer = () => connection.request(plain, bytes)
        const results = { ours: nothingYet(), peer: nothingYet() }
        for (const call of [ours, peer]) yield* Effect.promise(() => measure(call, nothingYet()))
        for (let round = 0; round < rounds; round++) {
          yield* Effect.promise(() => measure(ours, results.ours))
          yield* Effect.promise(() => measure(peer, results.peer))
        }
        process.stderr.write(`rpc: ${rounds} rounds; load ${loadavg()[0]?.toFixed(1)}\n`)
        return resultsOf(results.ours, results.peer)
      }).pipe(
        Effect.provide(layerClientProtocol({ subject: typed })),
        Effect.provide(RpcSerialization.layerMsgPack),
        Effect.provide(Nats.layer({ url: server.url, cluster: "bench" }))
      )
    }).pipe(Effect.scoped, runToEnd)
}
