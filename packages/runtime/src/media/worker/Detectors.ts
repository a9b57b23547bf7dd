import type { FrameInfo, InferenceObservation } from "@vigil/core/Observation"
import type { MonotonicTime } from "@vigil/core/Time"
import { type InferenceEngine, type InferenceResult, type ModelKey, modelKey } from "../../inference/InferenceEngine.js"
import { now } from "../../MonotonicClock.js"
import type { DetectorDemand } from "../MediaWorkers.js"
import { makePictureScaler, type PictureScaler } from "../native/PictureScaler.js"
import type { Picture } from "../native/VideoDecoder.js"
import type { PrivacyMask } from "../../vision/PrivacyMask.js"
import { type FramePacer, makeFramePacer } from "./FramePacer.js"

/** Milliseconds after a frame's receipt from which nobody wants to know any more what a detector sees on it. */
const usefulFor = 1500

export interface DetectorsListener {
  readonly onDetections: (observation: InferenceObservation) => void
  readonly onDropped: () => void
  readonly onProblem: (detail: string) => void
}

export interface DetectorsOptions {
  /** Names the camera among those of the engine. */
  readonly camera: number
  readonly demands: ReadonlyArray<DetectorDemand>
  readonly engine: () => Promise<InferenceEngine>
  /** Nothing may be left out: frames wait until the detectors had the one before. */
  readonly complete: boolean
  readonly mask: PrivacyMask
  readonly listener: DetectorsListener
}

/** The detectors of one camera: each takes its due frames, scaled to what its model wants. */
export interface Detectors {
  /** Whether some detector wants the frame; `moving` says whether the motion gate is open. */
  readonly see: (picture: Picture, frame: FrameInfo, moving: boolean) => Promise<void>
  /** Resolves when nothing is waiting or running. */
  readonly idle: () => Promise<void>
  /** Whether all their models are loaded. */
  readonly ready: () => boolean
  /** They look at nothing any more: what was loaded for them is released. */
  readonly close: () => void
}

interface Detector {
  readonly demand: DetectorDemand
  readonly key: ModelKey
  readonly pacer: FramePacer
  readonly scaler: PictureScaler
  readonly slot: string
  /** Set once the model is loaded; a model that cannot be loaded leaves its detector without one. */
  engine: InferenceEngine | undefined
}

// Not core's constructor: see MonotonicClock.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this is where the brand is put on
const toMonotonicTime = (milliseconds: number): MonotonicTime => milliseconds as MonotonicTime

export const makeDetectors = ({ camera, complete, demands, engine, listener, mask }: DetectorsOptions): Detectors => {
  let inFlight = 0
  const idleWaiters: Array<() => void> = []

  let closed = false

  const load = async (detector: Detector): Promise<void> => {
    try {
      const loaded = await engine()
      await loaded.load(detector.demand.model)
      if (closed) loaded.release(detector.key)
      else detector.engine = loaded
    } catch (error) {
      listener.onProblem(
        `model ${detector.demand.model.descriptor.id} cannot be used: ${error instanceof Error ? error.message : String(error)}`
      )
    }
  }

  const detectors = demands.map(
    (demand): Detector => ({
      demand,
      pacer: makeFramePacer(demand.framesPerSecond),
      scaler: makePictureScaler(mask),
      key: modelKey(demand.model.descriptor),
      slot: `${camera}/${demand.model.descriptor.id}`,
      engine: undefined
    })
  )
  const loading = Promise.all(detectors.map(load))

  const settled = () => {
    inFlight--
    if (inFlight > 0) return
    for (const resolve of idleWaiters.splice(0)) resolve()
  }

  const answer = ({ demand }: Detector, frame: FrameInfo, result: InferenceResult) => {
    if (result._tag === "Done") {
      const { detections, queued, ran } = result
      listener.onDetections({ _tag: "Inference", frame, model: demand.model.descriptor.id, detections, queued, ran })
    } else {
      listener.onDropped()
      if (result._tag === "Failed") listener.onProblem(result.error.message)
    }
  }

  const submit = async (detector: Detector, engine: InferenceEngine, picture: Picture, frame: FrameInfo): Promise<void> => {
    const { priority } = detector.demand
    const wanted = engine.picture(detector.key, frame.size)
    const { height, width } = wanted.content
    const pixels = new Uint8Array(width * height * 3)
    await detector.scaler.scale(picture, { width, height, format: wanted.format }, { data: pixels, offset: 0, stride: width * 3 })
    inFlight++
    const done = new Promise<void>((resolve) => {
      engine.submit({
        slot: detector.slot,
        model: detector.key,
        priority,
        deadline: toMonotonicTime(complete ? Number.POSITIVE_INFINITY : now() + usefulFor),
        source: frame.size,
        picture: wanted,
        pixels,
        done: (result) => {
          answer(detector, frame, result)
          settled()
          resolve()
        }
      })
    })
    if (complete) await done
  }

  return {
    see: async (picture, frame, moving) => {
      if (complete) await loading
      for (const detector of detectors) {
        if (detector.engine === undefined || (detector.demand.gate === "motion" && !moving)) continue
        if (!detector.pacer.take(frame.mediaTime)) continue
        await submit(detector, detector.engine, picture, frame)
      }
    },
    idle: () => (inFlight === 0 ? Promise.resolve() : new Promise((resolve) => idleWaiters.push(resolve))),
    ready: () => detectors.every(({ engine: loaded }) => loaded !== undefined),
    close: () => {
      closed = true
      for (const detector of detectors) {
        detector.engine?.release(detector.key)
        detector.engine = undefined
      }
    }
  }
}
