import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { street, yard } from "@vigil/fixtures/scene/SceneLibrary"
import { percentile } from "@vigil/runtime/camera/LatencyWindow"
import { Duration, Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import type { Benchmark } from "./Benchmark.js"
import type { NodeSettings } from "./node/NodeProtocol.js"
import { type RuntimeNode, startRuntimeNode } from "./node/RuntimeNode.js"
import { commandLine, memoryOf, memoryOfTree, proportionalTotal } from "./process/ProcessTree.js"
import { runToEnd } from "./RunToEnd.js"
import { sceneDetectorIn, temporaryFolder, videosOf } from "./Scenes.js"

/** Cameras of which the memory is compared: what is there once for all is in both, and falls out of the difference. */
const few = 8
const many = 40
const peers = 8
/** Seconds until buffers and heaps are full, first of the few cameras, then of the many; memory is the median over the last ones. */
const settle = { few: 40, many: 60 }
const watched = 10
const scenes = [yard, street] as const

/** An ffmpeg process that decodes a camera to what motion detection looks at. */
const startPeer = (url: string): ChildProcess =>
  spawn(
    "ffmpeg",
    [
      ...["-v", "error", "-nostdin", "-rtsp_transport", "tcp", "-i", url],
      ...["-an", "-vf", "fps=5,scale=320:240", "-pix_fmt", "gray", "-f", "rawvideo", "pipe:1"]
    ],
    { stdio: ["ignore", "pipe", "ignore"] }
  )

const runPeers = (urls: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      urls.map((url) => {
        const child = startPeer(url)
        child.stdout?.resume()
        return child
      })
    ),
    (children) => Effect.sync(() => children.forEach((child) => child.kill("SIGKILL")))
  )

/** The median of `total`, looked at once a second for the last seconds of `seconds`. */
const settled = (seconds: number, total: () => number) =>
  Effect.gen(function* () {
    yield* Effect.sleep(Duration.seconds(seconds - watched))
    const readings: Array<number> = []
    for (let second = 0; second < watched; second++) {
      yield* Effect.sleep("1 second")
      readings.push(total())
    }
    return percentile(readings, 0.5) ?? 0
  })

const camerasOf = (urls: ReadonlyArray<string>, first: number): NodeSettings["cameras"] =>
  urls.map((url, index) => ({
    name: `Camera ${first + index}`,
    url,
    zones: scenes[(first + index) % scenes.length]?.zones ?? [],
    detection: { framesPerSecond: 5, gate: "motion" }
  }))

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)

const tell = (cameras: number, node: RuntimeNode) => {
  const processes = memoryOfTree(node.pid).map(({ pid, proportional }) => {
    const worker = commandLine(pid).some((word) => word.endsWith("WorkerMain.js"))
    return `${pid === node.pid ? "node" : worker ? "media worker" : "other"} ${megabytes(proportional)}`
  })
  process.stderr.write(`memory: ${cameras} cameras: ${processes.join(", ")} MB\n`)
}

/** Memory (PSS) that each further camera takes in all processes together, with motion and gated detection. */
export const memory: Benchmark = {
  name: "memory",
  run: () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const files = yield* videosOf(scenes)
      const simulator = yield* spawnCameras({ count: many, files })
      const model = yield* sceneDetectorIn(folder)
      const detecting = new Set<number>()
      const node = yield* startRuntimeNode({
        settings: { folder, store: "memory", models: [model], cameras: camerasOf(simulator.urls.slice(0, few), 0) },
        onMessage: (message) => {
          if (message.type === "overlay") detecting.add(message.camera)
        }
      })
      const ofFew = yield* settled(settle.few, () => proportionalTotal(memoryOfTree(node.pid)))
      tell(few, node)
      node.send({ type: "add", cameras: camerasOf(simulator.urls.slice(few), few) })
      const children = yield* Effect.delay(runPeers(simulator.urls.slice(0, peers)), Duration.seconds(settle.many / 2))
      const perPeer = () => proportionalTotal(children.flatMap(({ pid = 0 }) => memoryOf(pid) ?? [])) / peers
      const [ofMany, peer] = yield* Effect.all(
        [settled(settle.many / 2, () => proportionalTotal(memoryOfTree(node.pid))), settled(settle.many / 2, perPeer)],
        { concurrency: 2 }
      ).pipe(Effect.raceFirst(node.ended))
      tell(many, node)
      if (detecting.size < many) {
        return yield* Effect.fail(new Error(`only ${detecting.size} of ${many} cameras were ever detected on`))
      }
      const ours = (ofMany - ofFew) / (many - few) / 1e6
      return [
        {
          name: "memory",
          ours,
          peer: peer / 1e6,
          peerName: "an ffmpeg process per camera",
          ratio: ours / (peer / 1e6),
          unit: "MB per camera"
        }
      ]
    }).pipe(Effect.scoped, runToEnd)
}
