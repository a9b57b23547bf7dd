import type { Size } from "@vigil/core/geometry/BoundingBox"
import type { FrameInfo } from "@vigil/core/Observation"
import type { FrameDemand, NormalisedFrame } from "../MediaWorkers.js"
import { makePictureScaler, type Rectangle, type ScaleTarget } from "../native/PictureScaler.js"
import type { Picture } from "../native/VideoDecoder.js"
import type { PrivacyMask } from "../../vision/PrivacyMask.js"

/** Makes frames of one size, shape and format out of whatever a camera sends. */
export interface FrameNormaliser {
  /** The frame's bytes are written anew by the next call. */
  readonly normalise: (picture: Picture, frame: FrameInfo) => Promise<NormalisedFrame>
}

/** Where the source's picture comes to lie in the frame, and which part of the source it is. */
export interface Fitting {
  readonly crop?: Rectangle
  readonly content: Rectangle
}

/** `letterbox` shows all, `crop` fills the frame from the middle, both without distortion; `stretch` distorts. */
export const fitting = (source: Size, { fit, height, width }: Pick<FrameDemand, "fit" | "height" | "width">): Fitting => {
  const whole = { x: 0, y: 0, width, height }
  if (fit === "stretch") return { content: whole }
  if (fit === "letterbox") {
    const scale = Math.min(width / source.width, height / source.height)
    const across = Math.max(1, Math.min(width, Math.round(source.width * scale)))
    const down = Math.max(1, Math.min(height, Math.round(source.height * scale)))
    return { content: { x: (width - across) >> 1, y: (height - down) >> 1, width: across, height: down } }
  }
  const scale = Math.max(width / source.width, height / source.height)
  const across = Math.max(1, Math.min(source.width, Math.round(width / scale)))
  const down = Math.max(1, Math.min(source.height, Math.round(height / scale)))
  if (across === source.width && down === source.height) return { content: whole }
  return {
    crop: { x: (source.width - across) >> 1, y: (source.height - down) >> 1, width: across, height: down },
    content: whole
  }
}

export const makeFrameNormaliser = (demand: FrameDemand, mask: PrivacyMask): FrameNormaliser => {
  const { format, height, width } = demand
  const bytes = format === "gray8" ? 1 : 3
  const scaler = makePictureScaler(mask)
  const data = new Uint8Array(width * height * bytes)
  let shown = ""
  return {
    normalise: async (picture, frame) => {
      const { content, crop } = fitting(picture, demand)
      const target: ScaleTarget = { width: content.width, height: content.height, format: format === "gray8" ? "gray" : format }
      const place = `${content.x} ${content.y} ${content.width} ${content.height}`
      if (place !== shown) data.fill(0)
      shown = place
      const into = { data, offset: (content.y * width + content.x) * bytes, stride: width * bytes }
      await scaler.scale(picture, crop === undefined ? target : { ...target, crop }, into)
      return { frame, width, height, format, data }
    }
  }
}
