import type { VideoCodec } from "@vigil/core/MediaTrack"
import type { FrameInfo, Observation } from "@vigil/core/Observation"
import type { InferenceEngine } from "../../inference/InferenceEngine.js"
import { now } from "../../MonotonicClock.js"
import { makePrivacyMask } from "../../vision/PrivacyMask.js"
import type { DecodeDemand, NormalisedFrame } from "../MediaWorkers.js"
import { isH264ParameterSet } from "../nal/H264.js"
import { isH265ParameterSet } from "../nal/H265.js"
import { codedPicture } from "../native/CodedPicture.js"
import { encodeJpeg } from "../native/JpegEncoder.js"
import { decodeAlone, type Decoded, openVideoDecoder, type Picture, release, type VideoDecoder } from "../native/VideoDecoder.js"
import { type EncodedPicture, type LiveEncoder, makeLiveEncoder } from "./LiveEncoder.js"
import { makePictureReader, type PictureReader } from "./PictureReader.js"
import { makeTrust, type Trust } from "./Trust.js"
import type { CameraReport, PushedUnit } from "./WorkerProtocol.js"

export interface CameraSessionOptions {
  readonly camera: number
  readonly codec: VideoCodec
  readonly parameterSets: ReadonlyArray<Uint8Array>
  readonly demand: DecodeDemand
  readonly engine: () => Promise<InferenceEngine>
  readonly onFrame: (frame: NormalisedFrame) => void
  /** Says whether there was room for it. */
  readonly onLive: (picture: EncodedPicture) => boolean
  readonly onProblem: (detail: string) => void
  /** Something is to be reported. */
  readonly onNews: () => void
}

/** One camera inside a media worker: its decoder, and who looks at its pictures. Works on one access unit after the other. */
export interface CameraSession {
  readonly configure: (demand: DecodeDemand) => void
  readonly push: (unit: PushedUnit) => void
  /** The newest picture, or `key` when that is newer, as JPEG. */
  readonly snapshot: (key: PushedUnit | undefined) => Promise<Uint8Array>
  /** Resolves when everything that was pushed has been decoded and inferred. */
  readonly drain: () => Promise<void>
  /** What happened since the last call; undefined when nothing did. */
  readonly report: () => CameraReport | undefined
  /** Milliseconds that the current native call has taken so far. */
  readonly busyFor: () => number
  readonly close: () => void
}

/** Milliseconds after which live pictures are tried again that could not be coded. */
const liveRetry = 10_000

type Counts = { -readonly [K in Exclude<keyof CameraReport, "camera" | "observations">]: number }

const noCounts = (): Counts => ({ done: 0, decoded: 0, dropped: 0, skipped: 0, errors: 0, inferences: 0, inferencesDropped: 0 })

const isParameterSet: Record<VideoCodec, (unit: Uint8Array) => boolean> = {
  h264: isH264ParameterSet,
  h265: isH265ParameterSet,
  mjpeg: () => true
}

export const openCameraSession = (options: CameraSessionOptions): CameraSession => {
  const { camera, codec, onNews, parameterSets } = options
  let counts = noCounts()
  let observations: Array<Observation> = []
  let decoder: VideoDecoder | undefined
  let newest: Picture | undefined
  let closed = false
  let busySince: number | undefined
  let demand = options.demand
  let mask = makePrivacyMask(demand.masks)
  let live: LiveEncoder | undefined
  let liveFailed = Number.NEGATIVE_INFINITY
  let tail: Promise<void> = Promise.resolve()
  /** Access units whose pictures are still to come. */
  const expected = new Map<number, PushedUnit>()
  let trust: Trust = makeTrust()

  const observe = (observation: Observation) => {
    if (closed) return
    if (observation._tag === "Inference") counts.inferences++
    observations.push(observation)
    onNews()
  }

  let reader: PictureReader = makePictureReader({
    camera,
    demand: options.demand,
    engine: options.engine,
    onObservation: observe,
    onFrame: (frame) => {
      if (!closed) options.onFrame(frame)
    },
    onInferenceDropped: () => {
      counts.inferencesDropped++
      onNews()
    },
    onProblem: options.onProblem
  })

  /** Bytes of a unit; a decoder that starts with it also needs the parameter sets, which may only be in the session description. */
  const bytesOf = (unit: PushedUnit, starts: boolean): Uint8Array => {
    const isOwn = isParameterSet[codec]
    const units = starts && !unit.units.some(isOwn) ? [...parameterSets, ...unit.units] : unit.units
    return codedPicture(units, codec !== "mjpeg")
  }

  const timed = async (call: Promise<Decoded>): Promise<Decoded> => {
    busySince = now()
    const result = await call
    busySince = undefined
    return result
  }

  /** The newest picture is kept for snapshots. */
  const keep = (picture: Picture) => {
    if (newest !== undefined) release(newest)
    newest = picture
  }

  /** One that cannot be coded or sent is made up for by a key frame. */
  const showLive = async (picture: Picture, mediaTime: PushedUnit["mediaTime"]): Promise<void> => {
    if (demand.live !== true || now() - liveFailed < liveRetry) return
    live ??= makeLiveEncoder(mask)
    const encoder = live
    try {
      const encoded = await encoder.encode(picture, mediaTime)
      // Another mask was drawn meanwhile: what it hides is in this picture.
      if (live !== encoder) return
      if (encoded !== undefined && !options.onLive(encoded)) live = undefined
    } catch (error) {
      live = undefined
      liveFailed = now()
      options.onProblem(`its live picture cannot be coded: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  const configure = (next: DecodeDemand) => {
    const isSameButLive = JSON.stringify({ ...demand, live: false }) === JSON.stringify({ ...next, live: false })
    if (!isSameButLive || next.live !== true) live = undefined
    demand = next
    if (isSameButLive) return
    mask = makePrivacyMask(next.masks)
    reader = reader.reconfigure(next)
  }

  const look = async (picture: Picture): Promise<void> => {
    const unit = expected.get(picture.key)
    expected.delete(picture.key)
    counts.decoded++
    const trusted = trust.accept(picture)
    if (!picture.sound) counts.errors++
    if (!trusted || closed) return release(picture)
    keep(picture)
    if (unit === undefined || unit.mode === "catch-up") return
    const { mediaTime, number: frame, received, wallClockOrigin, wallTime } = unit
    const info: FrameInfo = {
      frame,
      size: { width: picture.width, height: picture.height },
      mediaTime,
      wallTime,
      wallClockOrigin,
      received
    }
    await showLive(picture, mediaTime)
    await reader.read(picture, info)
  }

  const lookAt = async ({ error, pictures }: Decoded): Promise<void> => {
    if (error !== undefined) trust.lose()
    for (const picture of pictures) await look(picture)
  }

  /**
   * FFmpeg passes over access units that it cannot make sense of without a word. A decoder that owes more pictures than it reorders
   * has lost one, and what follows may be built on it.
   */
  const settleDebts = (delay: number) => {
    if (expected.size <= delay) return
    counts.errors++
    trust.lose()
    for (const [oldest] of expected) {
      if (expected.size <= delay) return
      expected.delete(oldest)
    }
  }

  const decode = async (unit: PushedUnit): Promise<void> => {
    if (unit.mode === "alone") decoder = undefined
    // Parameter sets and other state that broken bytes left in the decoder would outlive the key frame.
    if (unit.keyframe && trust.lost()) decoder = undefined
    if (unit.keyframe) trust.restart(unit.number)
    const starts = decoder === undefined
    if (starts) expected.clear()
    if (starts && !unit.keyframe) {
      counts.dropped++
      return
    }
    expected.set(unit.number, unit)
    const bytes = bytesOf(unit, starts)
    if (unit.mode === "alone") {
      await lookAt(await timed(decodeAlone(codec, bytes, unit.number)))
      return settleDebts(0)
    }
    const current = (decoder ??= openVideoDecoder(codec))
    await lookAt(await timed(current.decode(bytes, unit.number)))
    settleDebts(current.delay())
  }

  const finishDecoder = async (): Promise<void> => {
    const finishing = decoder
    decoder = undefined
    if (finishing !== undefined) await lookAt(await timed(finishing.finish()))
    expected.clear()
    trust = makeTrust()
  }

  /** Runs one task after the other; what one throws is a fault of the camera's picture, not of the worker. */
  const enqueue = (task: () => Promise<void>): Promise<void> => {
    tail = tail
      .then(() => (closed ? undefined : task()))
      .catch((error: unknown) => {
        busySince = undefined
        counts.errors++
        options.onProblem(error instanceof Error ? error.message : String(error))
      })
    return tail
  }

  /** Runs in the queue, so that no picture is released under the encoder. */
  const encodeNewest = async (key: PushedUnit | undefined): Promise<Uint8Array | undefined> => {
    if (key !== undefined && (newest === undefined || newest.key < key.number)) {
      const { pictures } = await timed(decodeAlone(codec, bytesOf(key, true), key.number))
      for (const picture of pictures) keep(picture)
    }
    return newest === undefined ? undefined : encodeJpeg(newest, mask)
  }

  return {
    configure: (next) => void enqueue(async () => configure(next)),
    push: (unit) =>
      void enqueue(() => decode(unit)).then(() => {
        counts.done++
        onNews()
      }),
    snapshot: async (key) => {
      let jpeg: Uint8Array | undefined
      await enqueue(async () => {
        jpeg = await encodeNewest(key)
      })
      if (jpeg === undefined) throw new Error("no key frame could be decoded yet")
      return jpeg
    },
    drain: async () => {
      await enqueue(finishDecoder)
      await reader.idle()
    },
    report: () => {
      const news = observations.length > 0 || Object.values(counts).some((count) => count > 0)
      if (!news) return undefined
      const report = { camera, ...counts, observations }
      counts = noCounts()
      observations = []
      return report
    },
    busyFor: () => (busySince === undefined ? 0 : now() - busySince),
    close: () => {
      closed = true
      reader.close()
      // A call may still be under way: what is left is collected when it has ended.
      decoder = undefined
      newest = undefined
      expected.clear()
    }
  }
}
