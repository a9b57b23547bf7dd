import { beamcoder, type NativeFilterer, type NativeFrame } from "./Beamcoder.js"
import { countNativeBytes } from "./NativeMemory.js"
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

const specification = ({ crop, format, height, width }: ScaleTarget): string => {
  const range = format === "yuvj420p" ? ":out_range=pc" : ""
  const cut = crop === undefined ? "" : `crop=${crop.width}:${crop.height}:${crop.x}:${crop.y}:exact=1,`
  return `${cut}scale=${width}:${height}:flags=bilinear${range},format=${format}`
}

export const makePictureScaler = (): PictureScaler => {
  let graph: NativeFilterer | undefined
  let madeFor = ""
  let tail: Promise<unknown> = Promise.resolve()

  const run = async (picture: Picture, target: ScaleTarget): Promise<NativeFrame> => {
    const filterSpec = specification(target)
    const wanted = `${picture.width}x${picture.height} ${picture.format} ${filterSpec}`
    if (graph === undefined || wanted !== madeFor) {
      graph = undefined
      graph = await beamcoder().filterer({
        filterType: "video",
        inputParams: [{
          width: picture.width,
          height: picture.height,
          pixelFormat: picture.format,
          timeBase: [1, 1_000_000],
          pixelAspect: [1, 1]
        }],
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
    countNativeBytes(frame.width * frame.height * 2)
    return frame
  }

  return {
    scale: (picture, target) => {
      const result = tail.then(() => run(picture, target))
      // The failure is the caller's; the next call only waits for this one to end.
      tail = result.catch(() => undefined)
      return result
    }
  }
}

/** Copies the first plane of a frame, line by line, to `into` at byte `offset`, lines `stride` bytes apart. */
export const copyPlane = (frame: NativeFrame, lineBytes: number, into: Uint8Array, offset: number, stride: number): void => {
  const plane = frame.data[0]
  const pitch = frame.linesize[0]
  if (plane === undefined || pitch === undefined || pitch < lineBytes) throw new Error("a scaled picture has no pixels")
  if (pitch === lineBytes && stride === lineBytes) {
    into.set(plane.subarray(0, lineBytes * frame.height), offset)
    return
  }
  for (let line = 0, from = 0, to = offset; line < frame.height; line++, from += pitch, to += stride) {
    into.set(plane.subarray(from, from + lineBytes), to)
  }
}
