import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { pathToFileURL } from "node:url"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import { CameraId } from "@vigil/core/Ids"
import { sourceConfig } from "@vigil/core/Source"
import { mediaTime } from "@vigil/core/Time"
import { type CameraDecoder, type DecodeDemand, MediaWorkers } from "@vigil/runtime/media/MediaWorkers"
import * as MediaWorkersLive from "@vigil/runtime/media/MediaWorkersLive"
import { yoloxNano } from "@vigil/runtime/model/descriptors/YoloxNano"
import { Effect } from "effect"
import type { Benchmark, BenchmarkResult } from "./Benchmark.js"

const run = promisify(execFile)

/** Ours and the peer in turn, so that what else the machine does meets both alike. */
const rounds = 3
const loops = 4
const seconds = 10
const rate = 15
const frames = seconds * rate * loops

/** Kept in the worker as for a detector, or handed to the node as for somebody who embeds the runtime. */
const demands: Readonly<Record<"kept" | "delivered", DecodeDemand>> = {
  kept: {
    detectors: [{ model: { descriptor: yoloxNano, file: "" }, priority: "STANDARD", framesPerSecond: 1000, gate: "always" }],
    masks: [],
    rate: "lossless"
  },
  delivered: {
    detectors: [],
    frames: { width: 640, height: 480, fit: "letterbox", format: "rgb24", framesPerSecond: 1000 },
    masks: [],
    rate: "lossless"
  }
}

/**
 * CPU time of making one 640x480 RGB frame of an H.264 stream: our media worker process, IPC included, against one thread of the ffmpeg
 * command line. At 640x480 nothing is scaled; 1280x720 is letterboxed.
 */
export const decode: Benchmark = {
  name: "decode",
  run: async () => {
    const folder = await mkdtemp(join(tmpdir(), "vigil-bench-"))
    try {
      const results: Array<BenchmarkResult> = []
      for (const size of ["640x480", "1280x720"]) {
        const file = join(folder, `${size}.mp4`)
        await makeVideo(file, size)
        results.push(...(await Effect.runPromise(compare(file, size).pipe(Effect.provide(workers)))))
      }
      return results
    } finally {
      await rm(folder, { recursive: true })
    }
  }
}

const workers = MediaWorkersLive.layer({ engine: { module: new URL("./NullEngine.js", import.meta.url).href } })

const makeVideo = (file: string, size: string) =>
  run("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${rate}:duration=${seconds},noise=alls=6:allf=t`],
    ...["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", "30", "-pix_fmt", "yuv420p", file]
  ])

/** Milliseconds of CPU time that a process has used, all its threads together. */
const cpuOf = async (pid: number): Promise<number> => {
  const [, fields = ""] = (await readFile(`/proc/${pid}/stat`, "latin1")).split(") ")
  const [user, system] = fields.split(" ").slice(11, 13).map(Number)
  // In ticks of 10 ms: USER_HZ is 100 on Linux.
  return (user + system) * 10
}

const cpuOfFfmpeg = async (file: string): Promise<number> => {
  const fit = "scale=640:480:force_original_aspect_ratio=decrease:flags=bilinear,pad=640:480:(ow-iw)/2:(oh-ih)/2"
  const { stderr } = await run("ffmpeg", [
    ...[
      "-benchmark",
      "-nostats",
      "-threads",
      "1",
      "-stream_loop",
      `${loops - 1}`,
      "-i",
      file,
      "-filter_threads",
      "1",
      "-vf",
      fit
    ],
    ...["-f", "rawvideo", "-pix_fmt", "rgb24", "-y", "/dev/null"]
  ])
  const times = /utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr)
  if (times === null) throw new Error("ffmpeg did not say how much CPU time it used")
  return (Number(times[1]) + Number(times[2])) * 1000
}

const push = async (decoder: CameraDecoder, units: ReadonlyArray<AccessUnit>): Promise<void> => {
  for (let loop = 0; loop < loops; loop++) {
    for (const unit of units) {
      const wait = decoder.push({ ...unit, mediaTime: mediaTime(unit.mediaTime + loop * seconds * 1_000_000) })
      if (wait !== undefined) await wait
    }
  }
}

const median = (values: ReadonlyArray<number>): number => [...values].sort((a, b) => a - b)[values.length >> 1]

const compare = (file: string, size: string) =>
  Effect.gen(function* () {
    const media = yield* MediaWorkers
    const units: Array<AccessUnit> = []
    const track = yield* Effect.scoped(
      Effect.gen(function* () {
        const config = sourceConfig(pathToFileURL(file).href, { pace: "as-fast-as-possible" })
        const source = yield* media.openDemuxer(config, (unit) => void units.push(unit))
        yield* source.ended
        return source.description.tracks[0]
      })
    )
    if (track?.kind !== "video") return yield* Effect.dieMessage(`${file} has no video`)

    const cpuOfOurs = (demand: DecodeDemand) =>
      Effect.scoped(
        Effect.gen(function* () {
          const decoder = yield* media.openDecoder(CameraId.make(crypto.randomUUID()), track, demand, {
            onObservation: () => undefined,
            onFrame: () => undefined
          })
          const [worker] = yield* media.health
          yield* Effect.promise(() => push(decoder, units.slice(0, rate)))
          yield* decoder.drain
          const pid = worker.pid ?? 0
          const before = yield* Effect.promise(() => cpuOf(pid))
          yield* Effect.promise(() => push(decoder, units))
          yield* decoder.drain
          return (yield* Effect.promise(() => cpuOf(pid))) - before
        })
      )

    const measured = { kept: [] as Array<number>, delivered: [] as Array<number>, ffmpeg: [] as Array<number> }
    for (let round = 0; round < rounds; round++) {
      measured.kept.push(yield* cpuOfOurs(demands.kept))
      measured.ffmpeg.push(yield* Effect.promise(() => cpuOfFfmpeg(file)))
      measured.delivered.push(yield* cpuOfOurs(demands.delivered))
    }
    const peer = median(measured.ffmpeg) / frames
    return (["kept", "delivered"] as const).map((where): BenchmarkResult => {
      const ours = median(measured[where]) / frames
      return {
        name: `decode ${size} ${where}`,
        ours,
        peer,
        peerName: "ffmpeg command line",
        ratio: ours / peer,
        unit: "CPU ms/frame"
      }
    })
  })
