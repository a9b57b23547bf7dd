import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { pathToFileURL } from "node:url"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import { CameraId } from "@vigil/core/Ids"
import type { SourceDescription, VideoTrack } from "@vigil/core/MediaTrack"
import type { InferenceObservation, LumaObservation, Observation } from "@vigil/core/Observation"
import { type SourceConfig, sourceConfig } from "@vigil/core/Source"
import { type CameraDecoder, type DecodeDemand, MediaWorkers, type NormalisedFrame } from "@vigil/runtime/media/MediaWorkers"
import type { EncodedPicture } from "@vigil/runtime/media/worker/LiveEncoder"
import { Effect } from "effect"

const run = promisify(execFile)

/** Makes video files with ffmpeg in a folder that is removed in the end. */
export interface VideoFolder extends AsyncDisposable {
  readonly path: (name: string) => string
  /** `ffmpeg` with these arguments and the file as its output. */
  readonly make: (name: string, ...args: ReadonlyArray<string>) => Promise<string>
}

export const videoFolder = async (): Promise<VideoFolder> => {
  const folder = await mkdtemp(join(tmpdir(), "vigil-video-"))
  const path = (name: string) => join(folder, name)
  return {
    path,
    make: async (name, ...args) => {
      await run("ffmpeg", ["-v", "error", "-y", ...args, path(name)])
      return path(name)
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true })
  }
}

/** A test picture with something that moves, as an input for ffmpeg. */
export const testPicture = (size: string, rate: number, seconds: number): ReadonlyArray<string> => [
  ...["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`]
]

/** Encoder options as cameras have them: no reordering, key frames `gop` pictures apart. */
export const h264 = (gop: number): ReadonlyArray<string> => [
  ...["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", `${gop}`, "-sc_threshold", "0", "-pix_fmt", "yuv420p"]
]

export const h265 = (gop: number): ReadonlyArray<string> => [
  ...["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p"],
  ...["-x265-params", `log-level=none:bframes=0:keyint=${gop}:min-keyint=${gop}:scenecut=0`]
]

export const mjpeg: ReadonlyArray<string> = ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "6"]

/** Number of pictures that ffprobe can decode. */
export const countPictures = async (file: string): Promise<number> => {
  const args = [
    "-v",
    "quiet",
    "-count_frames",
    "-select_streams",
    "v:0",
    "-show_entries",
    "stream=nb_read_frames",
    "-of",
    "csv=p=0"
  ]
  const { stdout } = await run("ffprobe", [...args, file])
  return Number(stdout.trim().split(/\s+/)[0])
}

export const fileConfig = (file: string, options: Partial<SourceConfig> = {}): SourceConfig =>
  sourceConfig(pathToFileURL(file).href, { pace: "as-fast-as-possible", ...options })

export interface ReadFile {
  readonly description: SourceDescription
  readonly units: ReadonlyArray<AccessUnit>
  readonly video: ReadonlyArray<AccessUnit>
  readonly track: VideoTrack
}

/** All access units of a file. */
export const readFile = (file: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const workers = yield* MediaWorkers
      const units: Array<AccessUnit> = []
      const source = yield* workers.openDemuxer(fileConfig(file), (unit) => void units.push(unit))
      yield* source.ended
      const [track] = source.description.tracks
      if (track?.kind !== "video") return yield* Effect.dieMessage(`${file} has no video`)
      return {
        description: source.description,
        units,
        video: units.filter(({ kind }) => kind === "video"),
        track
      } satisfies ReadFile
    })
  )

/** What a decoder told. */
export interface Told {
  readonly decoder: CameraDecoder
  readonly luma: ReadonlyArray<LumaObservation>
  readonly inferences: ReadonlyArray<InferenceObservation>
  readonly frames: ReadonlyArray<NormalisedFrame>
  readonly live: ReadonlyArray<EncodedPicture>
}

export const lumaDemand = (framesPerSecond: number, rate: DecodeDemand["rate"] = "lossless"): DecodeDemand => ({
  luma: { framesPerSecond, ignored: [], sensitivity: 0.5 },
  detectors: [],
  masks: [],
  rate
})

export const anyCamera = (): CameraId => CameraId.make(crypto.randomUUID())

/** Opens a decoder and collects what it tells. */
export const openTold = (
  track: VideoTrack,
  demand: DecodeDemand,
  onObservation?: (observation: Observation) => void,
  cameraId: CameraId = anyCamera()
) =>
  Effect.gen(function* () {
    const workers = yield* MediaWorkers
    const luma: Array<LumaObservation> = []
    const inferences: Array<InferenceObservation> = []
    const frames: Array<NormalisedFrame> = []
    const live: Array<EncodedPicture> = []
    const decoder = yield* workers.openDecoder(cameraId, track, demand, {
      onObservation: (observation) => {
        if (observation._tag === "Luma") luma.push(observation)
        else inferences.push(observation)
        onObservation?.(observation)
      },
      onFrame: (frame) => void frames.push(frame),
      onLive: (picture) => void live.push(picture)
    })
    return { decoder, luma, inferences, frames, live } satisfies Told
  })

/** Pushes as a finite source does: waits whenever it is asked to. */
export const pushAll = (decoder: CameraDecoder, units: ReadonlyArray<AccessUnit>): Effect.Effect<void> =>
  Effect.promise(async () => {
    for (const unit of units) {
      const wait = decoder.push(unit)
      if (wait !== undefined) await wait
    }
  })

/** Looks again until it is so; dies after `seconds`. */
export const until = (what: string, condition: () => boolean, seconds = 60): Effect.Effect<void> =>
  Effect.gen(function* () {
    const deadline = performance.now() + seconds * 1000
    while (!condition()) {
      if (performance.now() > deadline) return yield* Effect.dieMessage(`waited ${seconds} s in vain until ${what}`)
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 10)))
    }
  })
