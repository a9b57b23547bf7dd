import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { promisify } from "node:util"
import { Worker } from "node:worker_threads"
import { type InferenceEngine, type InferenceResult, type ModelPicture, modelKey } from "@vigil/runtime/inference/InferenceEngine"
import { makeOnnxInferenceEngine } from "@vigil/runtime/inference/OnnxInferenceEngine"
import { yoloxNano } from "@vigil/runtime/model/descriptors/YoloxNano"
import { withInputShape } from "@vigil/runtime/model/OnnxFile"
import { now } from "@vigil/runtime/MonotonicClock"
import { monotonicTime } from "@vigil/core/Time"
import { Config, Effect, Either } from "effect"
import type { Benchmark } from "./Benchmark.js"
import type { PeerRequest } from "./InferPeer.js"

const threads = 2
/** Many short rounds in turn: what else the machine does meets both alike, and the median forgets the rounds that it disturbed. */
const rounds = 25
const runsPerRound = 40
const source = { width: 1280, height: 720 }

/**
 * Detections of YOLOX-nano at 416x256 per second of CPU time, ours (pixels in, boxes out) against nothing but `session.run` of
 * onnxruntime-node on a ready tensor, in as many worker threads. CPU time of the whole process, so that both count all their threads.
 */
export const infer: Benchmark = {
  name: "infer",
  run: async () => {
    const samples = await Effect.runPromise(
      Config.withDefault(Config.string("VIGIL_SAMPLES"), resolve(import.meta.dirname, "../../../shared/samples"))
    )
    const file = join(samples, "models/yolox_nano_416.onnx")
    const model = await readFile(file).catch(() => {
      throw new Error(`infer needs ${file}; set VIGIL_SAMPLES to the samples' folder`)
    })
    const engine = makeOnnxInferenceEngine({ threads })
    const peers = Array.from({ length: threads }, startPeer)
    try {
      const rectangular = Either.getOrThrow(withInputShape(model, "images", [1, 3, 256, 416]))
      await Promise.all(peers.map((peer) => peer.ask({ _tag: "Load", model: rectangular })))
      await engine.load({ descriptor: yoloxNano, file })
      const picture = engine.picture(modelKey(yoloxNano), source)
      const pixels = await frame(samples, picture)
      await runEngine(engine, picture, pixels, 20)
      await runPeers(peers, 20)
      const ours: Array<number> = []
      const peer: Array<number> = []
      for (let round = 0; round < rounds; round++) {
        ours.push(await cpuTime(() => runEngine(engine, picture, pixels, runsPerRound)))
        peer.push(await cpuTime(() => runPeers(peers, runsPerRound)))
      }
      return [
        {
          name: "infer",
          ours: runsPerRound / median(ours),
          peer: runsPerRound / median(peer),
          peerName: "onnxruntime-node session.run",
          ratio: median(peer) / median(ours),
          unit: "detections per CPU second"
        }
      ]
    } finally {
      for (const { worker } of peers) worker.postMessage({ _tag: "Stop" } satisfies PeerRequest)
      await engine.close()
    }
  }
}

/** Keeps two jobs a thread under way until `runs` are done. */
const runEngine = (engine: InferenceEngine, picture: ModelPicture, pixels: Uint8Array, runs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const frames = Array.from({ length: threads * 2 }, () => new Uint8Array(pixels.length))
    let started = 0
    let done = 0
    const submit = (slot: number): void => {
      if (started === runs) return
      started += 1
      const onDone = (result: InferenceResult): void => {
        if (result._tag === "Failed") return reject(result.error)
        if (result._tag === "Dropped") return reject(new Error(`a job was dropped: ${result.reason}`))
        done += 1
        if (done === runs) resolve()
        else submit(slot)
      }
      frames[slot].set(pixels)
      engine.submit({
        slot: `camera-${slot}`,
        model: modelKey(yoloxNano),
        priority: "STANDARD",
        deadline: monotonicTime(now() + 60_000),
        source,
        picture,
        pixels: frames[slot],
        done: onDone
      })
    }
    for (let slot = 0; slot < threads * 2; slot++) submit(slot)
  })

interface Peer {
  readonly worker: Worker
  readonly ask: (request: PeerRequest) => Promise<void>
}

const startPeer = (): Peer => {
  const worker = new Worker(new URL("./InferPeer.js", import.meta.url))
  return {
    worker,
    ask: (request) =>
      new Promise((resolve, reject) => {
        worker.once("error", reject)
        worker.once("message", () => {
          worker.off("error", reject)
          resolve()
        })
        worker.postMessage(request)
      })
  }
}

const runPeers = async (peers: ReadonlyArray<Peer>, runs: number): Promise<void> => {
  await Promise.all(peers.map((peer) => peer.ask({ _tag: "Run", runs: runs / peers.length })))
}

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1]

/** Seconds of CPU time that the process spends until the promise resolves. */
const cpuTime = async (run: () => Promise<void>): Promise<number> => {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** A frame with somebody in it, so that there is something to decode and to suppress. */
const frame = async (samples: string, { content, format }: ModelPicture): Promise<Uint8Array> => {
  const { stdout } = await promisify(execFile)(
    "ffmpeg",
    [
      "-v",
      "error",
      "-ss",
      "30",
      "-i",
      join(samples, "videos/one-by-one-person-detection.mp4"),
      "-frames:v",
      "1",
      "-vf",
      `scale=${content.width}:${content.height}`,
      "-pix_fmt",
      format,
      "-f",
      "rawvideo",
      "-"
    ],
    { encoding: "buffer", maxBuffer: 2 ** 24 }
  )
  return Uint8Array.from(stdout)
}
