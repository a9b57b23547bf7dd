import { spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { percentile } from "@vigil/runtime/camera/LatencyWindow"
import { Effect } from "effect"
import { loadavg } from "node:os"
import { join } from "node:path"
import type { Benchmark, BenchmarkResult } from "./Benchmark.js"
import { type FrameTimes, readFrameTimes } from "./detection/FrameTimes.js"
import { openBrowser } from "./live/Browser.js"
import { startJanus } from "./live/Janus.js"
import { servePage, type ShownFrame } from "./live/Page.js"
import { wallClock } from "./node/NodeProtocol.js"
import { startRuntimeNode } from "./node/RuntimeNode.js"
import { runToEnd } from "./RunToEnd.js"
import { countedScenes, sceneDetectorIn, temporaryFolder, videosOf } from "./Scenes.js"

/**
 * Their pictures come at four times that are spread evenly over the browser's own rhythm, with which 15 pictures a second would be in step
 * for the whole run: one camera alone would measure its luck.
 */
const cameras = 4
/** Until the players' jitter buffers have settled; then both are measured at once, on the same pictures. */
const warm = "8 seconds"
const measured = "25 seconds"
const ticksPerFrame = 90_000 / 15

interface Measured {
  readonly latencies: ReadonlyArray<number>
  readonly frames: number
  readonly unreadable: number
  /** Pictures whose RTP time stamp says another picture than the picture itself does. */
  readonly disagreeing: number
}

const measure = (shown: ReadonlyArray<ShownFrame>, times: FrameTimes | undefined): Measured => {
  const latencies: Array<number> = []
  let unreadable = 0
  let disagreeing = 0
  let first: { readonly rtpTimestamp: number; readonly frame: number } | undefined
  for (const { at, counter, rtpTimestamp } of shown) {
    const sent = counter === null ? undefined : times?.showing(counter, at)
    if (sent === undefined) {
      unreadable++
      continue
    }
    latencies.push(at - sent.sentAt)
    if (rtpTimestamp === null) continue
    first ??= { rtpTimestamp, frame: sent.frame }
    const frames = ((rtpTimestamp - first.rtpTimestamp) >>> 0) / ticksPerFrame
    if (Math.abs(frames - (sent.frame - first.frame)) > 0.5) disagreeing++
  }
  return { latencies, frames: shown.length, unreadable, disagreeing }
}

const together = (all: ReadonlyArray<Measured>): Measured => ({
  latencies: all.flatMap(({ latencies }) => latencies),
  frames: all.reduce((sum, { frames }) => sum + frames, 0),
  unreadable: all.reduce((sum, { unreadable }) => sum + unreadable, 0),
  disagreeing: all.reduce((sum, { disagreeing }) => sum + disagreeing, 0)
})

const tell = (who: string, { disagreeing, frames, unreadable }: Measured) =>
  process.stderr.write(
    `live-latency: ${who}: ${frames} pictures, ${unreadable} unreadable, ${disagreeing} whose RTP time stamp disagrees; load ${loadavg()[0]?.toFixed(1)}\n`
  )

const resultsOf = (ours: Measured, peer: Measured): ReadonlyArray<BenchmarkResult> =>
  [0.5, 0.95].map((share) => {
    const [mine = Number.NaN, other = Number.NaN] = [percentile(ours.latencies, share), percentile(peer.latencies, share)]
    return { name: `live-latency p${share * 100}`, ours: mine, peer: other, peerName: "Janus", ratio: mine / other, unit: "ms" }
  })

/** From a picture's leaving the camera to its being shown by Chromium over WHEP, while the camera is analysed too. */
export const liveLatency: Benchmark = {
  name: "live-latency",
  run: () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const files = yield* videosOf(countedScenes)
      const simulator = yield* spawnCameras({ count: cameras, files })
      const janus = yield* startJanus(join(folder, "janus"), simulator.urls)
      const model = yield* sceneDetectorIn(folder)
      const analysed = new Set<number>()
      const node = yield* startRuntimeNode({
        settings: {
          folder,
          store: "memory",
          models: [model],
          whep: true,
          cameras: simulator.urls.map((url) => ({ name: "Camera", url, detection: { framesPerSecond: 5, gate: "always" } }))
        },
        onMessage: (message) => {
          if (message.type === "overlay") analysed.add(message.camera)
        }
      })
      const browser = yield* openBrowser(yield* servePage)
      yield* Effect.sleep("100 millis").pipe(
        Effect.repeat({ until: () => analysed.size === cameras }),
        Effect.timeoutFail({ duration: "30 seconds", onTimeout: () => new Error("the cameras did not stream within 30 s") })
      )
      const players = simulator.urls.map((_, camera) => ({ camera, ours: `ours ${camera}`, peer: `Janus ${camera}` }))
      for (const { camera, ours, peer } of players) {
        yield* browser.whep(ours, `${node.address}/cameras/${camera}/whep`)
        yield* janus.watch(camera + 1, (offer) => browser.accept(peer, offer))
      }
      const takeAll = (who: "ours" | "peer") => Effect.forEach(players, (player) => browser.take(player[who]))
      yield* Effect.sleep(warm)
      yield* takeAll("ours")
      yield* takeAll("peer")
      yield* Effect.sleep(measured).pipe(Effect.raceFirst(node.ended))
      const [before, there, after] = [wallClock(), yield* browser.now, wallClock()]
      if (there < before - 5 || there > after + 5) {
        return yield* Effect.fail(new Error(`the browser's clock is not ours: ${there} is not between ${before} and ${after}`))
      }
      const times = yield* readFrameTimes(simulator, cameras)
      const measureAll = (who: "ours" | "peer") =>
        Effect.map(takeAll(who), (shown) => together(shown.map((frames, camera) => measure(frames, times[camera]))))
      const ours = yield* measureAll("ours")
      const peer = yield* measureAll("peer")
      tell("ours", ours)
      tell("Janus", peer)
      if (ours.latencies.length === 0 || peer.latencies.length === 0) {
        return yield* Effect.fail(new Error("a player showed no picture with a frame counter"))
      }
      return resultsOf(ours, peer)
    }).pipe(Effect.scoped, runToEnd)
}
