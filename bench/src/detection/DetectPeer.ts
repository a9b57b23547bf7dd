import { readFrameCounter } from "@vigil/fixtures/scene/FrameCounter"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
import { wallClock } from "../node/NodeProtocol.js"
import type { DetectPeerRequest, PeerModel } from "./DetectPeerThread.js"

/** A camera's picture on which the peer has run its model; `picture` is what its frame counter shows. */
export interface PeerDetection {
  readonly camera: number
  readonly picture: number
  readonly at: number
}

interface Job {
  readonly camera: number
  readonly picture: number
  readonly bgr: Uint8Array
}

export interface PeerOptions {
  readonly urls: ReadonlyArray<string>
  readonly model: PeerModel
  readonly framesPerSecond: number
  readonly onDetection: (detection: PeerDetection) => void
}

/**
 * What somebody builds from two programs: an ffmpeg process per camera that decodes and scales, and onnxruntime-node in a
 * worker thread per core. No motion, no boxes, no tracks. Runs until the scope closes.
 */
export const runDetectPeer = (options: PeerOptions) =>
  Effect.gen(function* () {
    const waiting: Array<Job> = []
    const idle: Array<Worker> = []
    let ending = false
    const running = new Map<Worker, Job>()

    const start = () => {
      while (waiting.length > 0 && !ending) {
        const worker = idle.pop()
        if (worker === undefined) return
        const job = waiting.shift()
        if (job === undefined) return void idle.push(worker)
        running.set(worker, job)
        ask(worker, { _tag: "Run", bgr: job.bgr })
      }
    }
    const told = (worker: Worker) => {
      const job = running.get(worker)
      running.delete(worker)
      if (job !== undefined) options.onDetection({ camera: job.camera, picture: job.picture, at: wallClock() })
      idle.push(worker)
      start()
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => Array.from({ length: availableParallelism() }, () => startThread(options.model, told))),
      (workers) => {
        ending = true
        return Effect.promise(() => Promise.all(workers.map(stopThread)))
      }
    )
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        options.urls.map((url, camera) =>
          readFrames(url, options, (bgr) => {
            const picture = counterOf(bgr, options.model.picture)
            if (picture === undefined) return
            waiting.push({ camera, picture, bgr })
            start()
          })
        )
      ),
      (children) => Effect.promise(() => Promise.all(children.map((stop) => stop())))
    )
  })

/** Pictures a second of the cameras. */
const cameraRate = 15

const ask = (worker: Worker, request: DetectPeerRequest): void => worker.postMessage(request)

const startThread = (model: PeerModel, onMessage: (worker: Worker) => void): Worker => {
  const worker = new Worker(new URL("./DetectPeerThread.js", import.meta.url))
  worker.on("message", () => onMessage(worker))
  ask(worker, { _tag: "Load", ...model })
  return worker
}

const stopThread = (worker: Worker): Promise<void> =>
  new Promise((resolve) => {
    worker.once("exit", () => resolve())
    ask(worker, { _tag: "Stop" })
  })

const counterOf = (bgr: Uint8Array, { height, width }: PeerModel["picture"]) =>
  readFrameCounter(width, height, (x, y) => bgr[(y * width + x) * 3 + 1] ?? 0)

/**
 * Cuts what ffmpeg writes into pictures, and takes every n-th: its filters `fps` and `select` would hold each picture back until the next one,
 * and this is about latency. Answers how to end it.
 */
const readFrames = (
  url: string,
  { framesPerSecond, model: { picture } }: PeerOptions,
  onFrame: (bgr: Uint8Array) => void
): (() => Promise<void>) => {
  const size = picture.width * picture.height * 3
  const child = spawn(
    "ffmpeg",
    [
      ...["-v", "error", "-nostdin", "-rtsp_transport", "tcp", "-fflags", "nobuffer", "-flags", "low_delay", "-threads", "1"],
      ...["-i", url, "-an", "-vf", `scale=${picture.width}:${picture.height}`, "-vsync", "passthrough"],
      ...["-pix_fmt", "bgr24", "-flush_packets", "1", "-f", "rawvideo", "pipe:1"]
    ],
    { stdio: ["ignore", "pipe", "ignore"] }
  )
  let frame = new Uint8Array(size)
  let filled = 0
  let frames = 0
  const every = Math.round(cameraRate / framesPerSecond)
  child.stdout.on("data", (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + size - filled)
      frame.set(part, filled)
      filled += part.length
      at += part.length
      if (filled < size) continue
      if (frames++ % every === 0) onFrame(frame)
      frame = new Uint8Array(size)
      filled = 0
    }
  })
  return () =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve()
      child.once("exit", () => resolve())
      child.kill("SIGKILL")
    })
}
