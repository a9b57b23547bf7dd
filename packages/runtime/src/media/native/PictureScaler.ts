import { beamcoder, type NativeFilterer, type NativeFrame } from "./Beamcoder.js"
import type { Picture } from "./VideoDecoder.js"

export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** What to make of a picture: a part of it (all, when absent), scaled to a size, in a packed or planar format. */
export interface ScaleTarget {
  readonly crop?: Rectangle
  readonly width: number
  readonly height: number
  readonly format: "gray" | "rgb24" | "bgr24" | "yuvj420p"
}

/**
 * Scales pictures through an FFmpeg filter graph. A graph is made for one size and format of its input and one target: other input in
 * an old graph writes out of bounds, so it is made anew whenever one of them changes. One call at a time.
 */
export interface PictureScaler {
  readonly scale: (picture: Picture, target: ScaleTarget) => Promise<NativeFrame>
}

const hasLumaPlane = /^(yuv|gray)/

/** The luma plane is taken as it is coded (mostly 16..235): stretching it to 0..255 would cost more than scaling it. */
const specification = (source: string, { crop, format, height, width }: ScaleTarget): string => {
  const cut = crop === undefined ? "" : `crop=${crop.width}:${crop.height}:${crop.x}:${crop.y}:exact=1,`
  const luma = format === "gray" && hasLumaPlane.test(source) ? "extractplanes=y," : ""
  const range = format === "yuvj420p" ? ":out_range=pc" : ""
  return `${cut}${luma}scale=${width}:${height}:flags=bilinear${range},format=${format}`
}

export const makePictureScaler = (): PictureScaler => {
  let graph: NativeFilterer | undefined
  let madeFor = ""
  let tail: Promise<unknown> = Promise.resolve()

  const run = async (picture: Picture, target: ScaleTarget): Promise<NativeFrame> => {
    const filterSpec = specification(picture.format, target)
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
        outputParams: [{ pixelFormat: target.format }],
        filterSpec
      })
      madeFor = wanted
    }
    const [output] = await graph.filter([picture.native])
    const frame = output?.frames[0]
    if (frame === undefined || frame.width !== target.width || frame.height !== target.height) {
      graph = undefined
      throw new Error(`no picture came out of ${filterSpec}`)
    }
    return frame
  }

  return {
    scale: (picture, target) => {
      const result = tail.then(() => run(picture, target))
      // swallowed: the failure is the caller's; the next call only waits for this one to end.
      tail = result.catch(() => undefined)
      return result
    }
  }
}

/** Moves the first plane of a scaled frame, line by line, to `into` at byte `offset`, lines `stride` bytes apart. */
export const movePlane = (frame: NativeFrame, lineBytes: number, into: Uint8Array, offset: number, stride: number): void => {
  try {
    beamcoder().copyPlane(frame, into, offset, stride, lineBytes)
  } finally {
    beamcoder().releaseFrame(frame)
  }
}
