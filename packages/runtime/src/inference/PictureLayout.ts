import type { Size } from "@vigil/core/geometry/BoundingBox"
import { letterbox, type PictureTransform, stretch } from "@vigil/core/geometry/PictureTransform"
import type { ModelInput } from "@vigil/core/Model"
import type { ModelPicture } from "./InferenceEngine.js"

/** Detectors with strides up to 32 need sides that are multiples of it. */
const coarsestStride = 32

/**
 * The picture that a model wants of a source. Where the graph takes any size (`flexible`), the input is only as wide and high as the
 * letterboxed picture needs: 416x256 instead of 416x416 for 16:9.
 */
export const pictureOf = (input: ModelInput, source: Size, flexible: boolean): ModelPicture => {
  const format = input.channels === "rgb" ? "rgb24" : "bgr24"
  if (input.fit === "stretch") return { content: input.size, input: input.size, format }
  const { content } = letterbox(source, input.size, "top-left")
  const tensor = flexible
    ? { width: roundUp(content.width, input.size.width), height: roundUp(content.height, input.size.height) }
    : input.size
  return { content: { width: content.width, height: content.height }, input: tensor, format }
}

const roundUp = (length: number, limit: number): number => Math.min(limit, Math.ceil(length / coarsestStride) * coarsestStride)

/** Whether {@link pictureOf} could have made the picture for some source. */
export const accepts = (input: ModelInput, picture: ModelPicture, flexible: boolean): boolean => {
  const { content, input: tensor } = picture
  const fits = content.width >= 1 && content.height >= 1 && content.width <= tensor.width && content.height <= tensor.height
  if (!fits) return false
  if (tensor.width === input.size.width && tensor.height === input.size.height) return true
  return (
    flexible &&
    tensor.width % coarsestStride === 0 &&
    tensor.height % coarsestStride === 0 &&
    tensor.width <= input.size.width &&
    tensor.height <= input.size.height
  )
}

/** How the source lies in the input tensor: for padding on the way in and for boxes on the way out. */
export const transformOf = (input: ModelInput, picture: ModelPicture, source: Size): PictureTransform => {
  if (input.fit === "stretch") return stretch(source, picture.input)
  const { content, input: target } = picture
  const centred = input.fit === "letterbox-centre"
  return {
    source,
    target,
    region: { x: 0, y: 0, ...source },
    content: {
      x: centred ? Math.floor((target.width - content.width) / 2) : 0,
      y: centred ? Math.floor((target.height - content.height) / 2) : 0,
      ...content
    }
  }
}
