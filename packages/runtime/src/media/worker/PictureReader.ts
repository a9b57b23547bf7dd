import type { FrameInfo, LumaObservation, Observation } from "@vigil/core/Observation"
import type { InferenceEngine } from "../../inference/InferenceEngine.js"
import { type LumaAnalyser, lumaSize, makeLumaAnalyser } from "../../vision/LumaAnalyser.js"
import type { DecodeDemand, NormalisedFrame } from "../MediaWorkers.js"
import { makePictureScaler } from "../native/PictureScaler.js"
import type { Picture } from "../native/VideoDecoder.js"
import { makePrivacyMask, type PrivacyMask } from "../../vision/PrivacyMask.js"
import { makeDetectors } from "./Detectors.js"
import { type DetectorHandover, handOver } from "./DetectorHandover.js"
import { makeFrameNormaliser } from "./FrameNormaliser.js"
import { makeFramePacer } from "./FramePacer.js"
import { makeMotionGate, type MotionGate } from "./MotionGate.js"

export interface PictureReaderOptions {
  readonly camera: number
  readonly demand: DecodeDemand
  readonly engine: () => Promise<InferenceEngine>
  readonly onObservation: (observation: Observation) => void
  readonly onFrame: (frame: NormalisedFrame) => void
  readonly onInferenceDropped: () => void
  readonly onProblem: (detail: string) => void
}

/** Looks at a camera's pictures, in the order of presentation, as far as its demand goes: nothing else is scaled or copied. */
export interface PictureReader {
  readonly read: (picture: Picture, frame: FrameInfo) => Promise<void>
  readonly idle: () => Promise<void>
  /**
   * A reader for another demand, in the place of this one. What was learnt of the background stays unless its own settings changed; models that are not wanted any more go on until the wanted ones
   * are loaded.
   */
  readonly reconfigure: (demand: DecodeDemand) => PictureReader
  readonly close: () => void
}

type LumaDemand = NonNullable<DecodeDemand["luma"]>

/** For a motion gate when nobody asked for luma observations. */
const gateLuma: LumaDemand = { framesPerSecond: 5, ignored: [], sensitivity: 0.5 }

interface LumaReader {
  readonly demand: LumaDemand
  readonly read: (picture: Picture, frame: FrameInfo) => Promise<LumaObservation | undefined>
}

const makeLumaReader = (demand: LumaDemand, mask: PrivacyMask): LumaReader => {
  const { framesPerSecond, ignored, sensitivity } = demand
  const pacer = makeFramePacer(framesPerSecond)
  const scaler = makePictureScaler(mask)
  let analyser: LumaAnalyser | undefined
  let plane = new Uint8Array(0)
  let madeFor = ""
  return {
    demand,
    read: async (picture, frame) => {
      if (!pacer.take(frame.mediaTime)) return undefined
      const size = lumaSize(picture)
      const source = `${picture.width}x${picture.height}`
      if (analyser === undefined || source !== madeFor) {
        analyser = makeLumaAnalyser({ plane: size, ignored, sensitivity })
        plane = new Uint8Array(size.width * size.height)
        madeFor = source
      }
      await scaler.scale(picture, { ...size, format: "gray" }, { data: plane, offset: 0, stride: size.width })
      return analyser.analyse(plane, frame)
    }
  }
}

/** What is burnt out does not move, and is no part of the picture that could. */
const lumaDemand = ({ detectors, luma, masks }: DecodeDemand): LumaDemand | undefined => {
  const wanted = luma ?? (detectors.some(({ gate }) => gate === "motion") ? gateLuma : undefined)
  return wanted && { ...wanted, ignored: [...wanted.ignored, ...masks] }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** What a reader takes over from the one before. */
interface Inheritance {
  readonly luma: LumaReader | undefined
  readonly gate: MotionGate | undefined
  readonly detectors: DetectorHandover | undefined
}

export const makePictureReader = (options: PictureReaderOptions, kept?: Inheritance): PictureReader => {
  const { camera, demand, engine, onFrame, onInferenceDropped, onObservation, onProblem } = options
  const mask = makePrivacyMask(demand.masks)
  const wantedLuma = lumaDemand(demand)
  const luma = wantedLuma === undefined ? undefined : (kept?.luma ?? makeLumaReader(wantedLuma, mask))
  const gate = kept?.gate ?? makeMotionGate()
  const wantedDetectors = makeDetectors({
    camera,
    demands: demand.detectors,
    engine,
    complete: demand.rate === "lossless",
    mask,
    listener: { onDetections: onObservation, onDropped: onInferenceDropped, onProblem }
  })
  const detectors = handOver(wantedDetectors, kept?.detectors)
  const normaliser = demand.frames === undefined ? undefined : makeFrameNormaliser(demand.frames, mask)
  const framePacer = demand.frames === undefined ? undefined : makeFramePacer(demand.frames.framesPerSecond)

  return {
    read: async (picture, frame) => {
      const observation = await luma?.read(picture, frame)
      if (observation !== undefined) {
        gate.see(observation)
        if (demand.luma !== undefined) onObservation(observation)
      }
      await detectors.see(picture, frame, gate.open(frame.mediaTime))
      if (normaliser !== undefined && framePacer?.take(frame.mediaTime)) onFrame(await normaliser.normalise(picture, frame))
    },
    idle: detectors.idle,
    reconfigure: (next) => {
      const keepsLuma = same(wantedLuma, lumaDemand(next)) && same(demand.masks, next.masks)
      // Detectors that go on for a while must not see what is masked from now on.
      const keepsDetectors = next.detectors.length > 0 && next.rate !== "lossless" && same(demand.masks, next.masks)
      if (!keepsDetectors) detectors.close()
      return makePictureReader(
        { ...options, demand: next },
        {
          luma: keepsLuma ? luma : undefined,
          gate: keepsLuma ? gate : undefined,
          detectors: keepsDetectors ? detectors : undefined
        }
      )
    },
    close: detectors.close
  }
}
