import { ModelDescriptor } from "@vigil/core/Model"
import type { CameraProcess } from "@vigil/fixtures/camera/CameraProcess"
import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { percentile } from "@vigil/runtime/camera/LatencyWindow"
import { yoloxNano } from "@vigil/runtime/model/descriptors/YoloxNano"
import { withInputShape } from "@vigil/runtime/model/OnnxFile"
import { Effect, Either, Schedule, Schema } from "effect"
import { readFile } from "node:fs/promises"
import { loadavg } from "node:os"
import { join } from "node:path"
import type { Benchmark, BenchmarkResult } from "./Benchmark.js"
import { runDetectPeer, type PeerDetection } from "./detection/DetectPeer.js"
import type { PeerModel } from "./detection/DetectPeerThread.js"
import { readFrameTimes } from "./detection/FrameTimes.js"
import type { FromNode, NodeModel } from "./node/NodeProtocol.js"
import { startRuntimeNode } from "./node/RuntimeNode.js"
import { samplesFolder } from "./Samples.js"
import { runToEnd } from "./RunToEnd.js"
import { countedScenes, sceneDetectorIn, temporaryFolder, videosOf } from "./Scenes.js"

const cameras = 8
const framesPerSecond = 5
/** Seconds of each round that count, and before them, while sources open and caches warm. */
const rounds = { count: 2, measured: "5 seconds", warm: "1500 millis" } as const

type Overlay = Extract<FromNode, { readonly type: "overlay" }>

interface Subject {
  readonly node: NodeModel
  readonly peer: PeerModel
}

/** The authored detector of rendered scenes, and YOLOX-nano where it is there. Both get the same picture as ours in the same tensor. */
const subjectsIn = (folder: string) =>
  Effect.gen(function* () {
    const scene = yield* sceneDetectorIn(folder)
    const first: Subject = {
      node: scene,
      peer: {
        model: yield* Effect.promise(() => readFile(scene.file)),
        picture: { width: 320, height: 240 },
        input: { width: 320, height: 256 }
      }
    }
    const file = join(yield* samplesFolder, "models/yolox_nano_416.onnx")
    const yolox = yield* Effect.option(Effect.tryPromise(() => readFile(file)))
    if (yolox._tag === "None") {
      process.stderr.write(`detect-latency: without YOLOX-nano, there is no ${file}\n`)
      return [first]
    }
    const second: Subject = {
      node: { descriptor: Schema.encodeSync(ModelDescriptor)(yoloxNano), file },
      peer: {
        model: Either.getOrThrow(withInputShape(yolox.value, "images", [1, 3, 320, 416])),
        picture: { width: 416, height: 312 },
        input: { width: 416, height: 320 }
      }
    }
    return [first, second]
  })

interface Samples {
  readonly ours: Array<number>
  readonly peer: Array<number>
  /** How far the times that we tell of frames are from the camera's own log. */
  readonly clockErrors: Array<number>
  unmatched: number
}

/** One model: our runtime and the peer look at the same cameras, in turn. */
const measure = (simulator: CameraProcess, folder: string, { node: model, peer }: Subject) =>
  Effect.gen(function* () {
    const seen = new Set<number>()
    let overlays: Array<Overlay> = []
    const node = yield* startRuntimeNode({
      settings: {
        folder: join(folder, model.descriptor.id),
        store: "memory",
        models: [model],
        cameras: simulator.urls.map((url, camera) => ({
          name: `Camera ${camera}`,
          url,
          enabled: false,
          zones: countedScenes[camera % countedScenes.length]?.zones ?? [],
          detection: { framesPerSecond, gate: "always" }
        }))
      },
      onMessage: (message) => {
        if (message.type !== "overlay") return
        overlays.push(message)
        seen.add(message.camera)
      }
    })
    const enable = (enabled: boolean) => {
      for (let camera = 0; camera < cameras; camera++) node.send({ type: "enable", camera, enabled })
    }
    const samples: Samples = { ours: [], peer: [], clockErrors: [], unmatched: 0 }

    const runOurs = Effect.gen(function* () {
      seen.clear()
      enable(true)
      yield* until(() => seen.size === cameras)
      yield* Effect.sleep(rounds.warm)
      overlays = []
      yield* Effect.sleep(rounds.measured)
      const times = yield* readFrameTimes(simulator, cameras)
      enable(false)
      for (const { at, camera, wallTime } of overlays) {
        const frame = times[camera]?.atWallTime(wallTime)
        if (frame === undefined) samples.unmatched++
        else {
          samples.ours.push(at - frame.sentAt)
          samples.clockErrors.push(Math.abs(wallTime - frame.wallTime))
        }
      }
    })
    const runPeer = Effect.gen(function* () {
      const watching = new Set<number>()
      let detections: Array<PeerDetection> = []
      yield* runDetectPeer({
        urls: simulator.urls,
        model: peer,
        framesPerSecond,
        onDetection: (detection) => {
          watching.add(detection.camera)
          detections.push(detection)
        }
      })
      yield* until(() => watching.size === cameras)
      yield* Effect.sleep(rounds.warm)
      detections = []
      yield* Effect.sleep(rounds.measured)
      const times = yield* readFrameTimes(simulator, cameras)
      for (const { at, camera, picture } of detections) {
        const frame = times[camera]?.showing(picture, at)
        if (frame !== undefined) samples.peer.push(at - frame.sentAt)
      }
    }).pipe(Effect.scoped)

    yield* Effect.zipRight(runOurs, Effect.zipRight(Effect.sleep("500 millis"), runPeer)).pipe(
      Effect.repeatN(rounds.count - 1),
      Effect.raceFirst(node.ended)
    )
    return resultsOf(model.descriptor.id, samples)
  }).pipe(Effect.scoped)

const until = (condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.repeat({ until: (met) => met, schedule: Schedule.spaced("50 millis") }),
    Effect.timeoutFail({ duration: "45 seconds", onTimeout: () => new Error("not all cameras were detected on within 45 s") })
  )

const resultsOf = (model: string, { clockErrors, ours, peer, unmatched }: Samples): ReadonlyArray<BenchmarkResult> => {
  const worst = Math.max(...clockErrors)
  process.stderr.write(
    `detect-latency: ${model}: ${ours.length} of our detections, ${peer.length} of the peer; our frames' times are at most ` +
      `${worst.toFixed(2)} ms from the camera's own (${unmatched} of no known frame); load ${loadavg()[0]?.toFixed(1)}\n`
  )
  return [0.5, 0.95].map((share) => {
    const [mine = Number.NaN, other = Number.NaN] = [percentile(ours, share), percentile(peer, share)]
    return {
      name: `detect-latency ${model} p${share * 100}`,
      ours: mine,
      peer: other,
      peerName: "ffmpeg processes and onnxruntime-node",
      ratio: mine / other,
      unit: "ms"
    }
  })
}

/** From a frame's leaving the camera to its detection being published, at 8 cameras with 5 detections a second each. */
export const detectLatency: Benchmark = {
  name: "detect-latency",
  run: () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const files = yield* videosOf(countedScenes)
      const simulator = yield* spawnCameras({ count: cameras, files })
      const subjects = yield* subjectsIn(folder)
      return (yield* Effect.forEach(subjects, (subject) => measure(simulator, folder, subject))).flat()
    }).pipe(Effect.scoped, runToEnd)
}
