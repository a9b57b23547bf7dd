import type { Size } from "@vigil/core/geometry/BoundingBox"
import type { PrivacyMask } from "../../vision/PrivacyMask.js"
import { makeWritableFrame, type WritableFrame } from "./Beamcoder.js"
import { makeFilterGraph, takePlane } from "./FilterGraph.js"
import type { Picture } from "./VideoDecoder.js"

/** Luma and half-sized chroma in planes, as encoders take it: of JPEG (0..255) or video (16..235). */
export type PlanarFormat = "yuvj420p" | "yuv420p"

/** Pictures for an encoder, without what their privacy mask hides. */
export interface PlanarPictures {
  /** The frame is written anew by the next call. */
  readonly read: (picture: Picture, size: Size) => Promise<WritableFrame>
}

const planes = ["y", "u", "v"] as const

const black = { yuvj420p: { y: 0, u: 128, v: 128 }, yuv420p: { y: 16, u: 128, v: 128 } } as const

export const makePlanarPictures = (mask: PrivacyMask, format: PlanarFormat): PlanarPictures => {
  const graphs = { y: makeFilterGraph(), u: makeFilterGraph(), v: makeFilterGraph() }
  let open: { readonly frame: WritableFrame; readonly data: ReadonlyArray<Uint8Array> } | undefined

  const openFor = ({ height, width }: Size) => {
    if (open?.frame.width === width && open.frame.height === height) return open
    const frame = makeWritableFrame(width, height, format)
    return (open = { frame, data: frame.data })
  }

  return {
    read: async (picture, size) => {
      const { data: views, frame } = openFor(size)
      const range = format === "yuvj420p" ? "pc" : "tv"
      const scaled = `scale=${size.width}:${size.height}:flags=bilinear:out_range=${range},format=${format}`
      for (const [index, plane] of planes.entries()) {
        const [data, stride] = [views[index], frame.linesize[index]]
        if (data === undefined || stride === undefined) throw new Error(`a frame of ${format} lacks its plane ${plane}`)
        const half = plane === "y" ? 1 : 2
        const part = { width: Math.ceil(size.width / half), height: Math.ceil(size.height / half) }
        const alone = await graphs[plane].run(picture, `${scaled},extractplanes=${plane}`, "gray")
        takePlane(alone, part, part.width, data, 0, stride)
        mask.burn({ ...part, source: picture }, data, { offset: 0, stride, bytes: 1 }, black[format][plane])
      }
      return frame
    }
  }
}
