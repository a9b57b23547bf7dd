import type { PrivacyMask } from "../../vision/PrivacyMask.js"
import { makeFilterGraph, takePlane } from "./FilterGraph.js"
import type { Picture } from "./VideoDecoder.js"

export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** What to make of a picture: a part of it (all, when absent), scaled to a size, in a packed format. */
export interface ScaleTarget {
  readonly crop?: Rectangle
  readonly width: number
  readonly height: number
  readonly format: "gray" | "rgb24" | "bgr24"
}

/** Where the lines of a scaled picture go: `stride` bytes from line to line. */
export interface ScaledInto {
  readonly data: Uint8Array
  readonly offset: number
  readonly stride: number
}

/**
 * Scales pictures, and burns out of them what their privacy mask hides: the only way to a picture's pixels. One call at a time; what waits is done in order.
 */
export interface PictureScaler {
  readonly scale: (picture: Picture, target: ScaleTarget, into: ScaledInto) => Promise<void>
}

const hasLumaPlane = /^(yuv|gray)/

/** The luma plane is taken as it is coded (mostly 16..235): stretching it to 0..255 would cost more than scaling it. */
const specification = (source: string, { crop, format, height, width }: ScaleTarget): string => {
  const cut = crop === undefined ? "" : `crop=${crop.width}:${crop.height}:${crop.x}:${crop.y}:exact=1,`
  const luma = format === "gray" && hasLumaPlane.test(source) ? "extractplanes=y," : ""
  return `${cut}${luma}scale=${width}:${height}:flags=bilinear,format=${format}`
}

/** Black, as luma is coded and as colours are. */
const black = { gray: 16, rgb24: 0, bgr24: 0 } as const

export const makePictureScaler = (mask: PrivacyMask): PictureScaler => {
  const graph = makeFilterGraph()
  return {
    scale: async (picture, target, { data, offset, stride }) => {
      const { crop, format, height, width } = target
      const bytes = format === "gray" ? 1 : 3
      const frame = await graph.run(picture, specification(picture.format, target), format)
      takePlane(frame, { width, height }, width * bytes, data, offset, stride)
      mask.burn({ width, height, source: picture, part: crop }, data, { offset, stride, bytes }, black[format])
    }
  }
}
