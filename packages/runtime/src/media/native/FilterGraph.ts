import type { Size } from "@vigil/core/geometry/BoundingBox"
import { beamcoder, type NativeFilterer, type NativeFrame } from "./Beamcoder.js"
import type { Picture } from "./VideoDecoder.js"

/**
 * An FFmpeg filter graph for pictures. It is made for one size and format of its input and one specification: other input in an old graph writes out of
 * bounds, so it is made anew whenever one of them changes. One call at a time; what waits is done in order.
 */
export interface FilterGraph {
  /** The frame is the caller's to release. */
  readonly run: (picture: Picture, filterSpec: string, pixelFormat: string) => Promise<NativeFrame>
}

export const makeFilterGraph = (): FilterGraph => {
  let graph: NativeFilterer | undefined
  let madeFor = ""
  let tail: Promise<unknown> = Promise.resolve()

  const run = async (picture: Picture, filterSpec: string, pixelFormat: string): Promise<NativeFrame> => {
    const wanted = `${picture.width}x${picture.height} ${picture.format} ${filterSpec}`
    if (graph === undefined || wanted !== madeFor) {
      graph = undefined
      graph = await beamcoder().filterer({
        filterType: "video",
        inputParams: [
          {
            width: picture.width,
            height: picture.height,
            pixelFormat: picture.format,
            timeBase: [1, 1_000_000],
            pixelAspect: [1, 1]
          }
        ],
        outputParams: [{ pixelFormat }],
        filterSpec
      })
      madeFor = wanted
    }
    const [output] = await graph.filter([picture.native])
    const frame = output?.frames[0]
    if (frame === undefined) {
      graph = undefined
      throw new Error(`no picture came out of ${filterSpec}`)
    }
    return frame
  }

  return {
    run: (picture, filterSpec, pixelFormat) => {
      const result = tail.then(() => run(picture, filterSpec, pixelFormat))
      // swallowed: the failure is the caller's; the next call only waits for this one to end.
      tail = result.catch(() => undefined)
      return result
    }
  }
}

/** Moves the first plane of a frame of this size, line by line, to `into` at byte `offset`, lines `stride` bytes apart; the frame is released. */
export const takePlane = (
  frame: NativeFrame,
  { height, width }: Size,
  lineBytes: number,
  into: Uint8Array,
  offset: number,
  stride: number
): void => {
  try {
    if (frame.width !== width || frame.height !== height) {
      throw new Error(`a picture of ${frame.width}x${frame.height} came instead of ${width}x${height}`)
    }
    beamcoder().copyPlane(frame, into, offset, stride, lineBytes)
  } finally {
    beamcoder().releaseFrame(frame)
  }
}
