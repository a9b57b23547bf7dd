import type { BoundingBox, Size } from "./BoundingBox.js"
import { clip } from "./BoxGeometry.js"

/**
 * How a picture (the source) was fitted into another one (the target, for example a model's input): the part `region` of the source
 * was scaled to the part `content` of the target; the rest of the target is padding. Both are whole pixels.
 */
export interface PictureTransform {
  readonly source: Size
  readonly target: Size
  readonly region: BoundingBox
  readonly content: BoundingBox
}

/** Everything in the picture, no distortion, padding at the right and bottom or around. */
export const letterbox = (source: Size, target: Size, align: "top-left" | "centre"): PictureTransform => {
  const scale = Math.min(target.width / source.width, target.height / source.height)
  const width = fit(source.width * scale, target.width)
  const height = fit(source.height * scale, target.height)
  const x = align === "centre" ? Math.floor((target.width - width) / 2) : 0
  const y = align === "centre" ? Math.floor((target.height - height) / 2) : 0
  return { source, target, region: whole(source), content: { x, y, width, height } }
}

/** No padding, no distortion: the middle of the source that has the target's aspect ratio. */
export const crop = (source: Size, target: Size): PictureTransform => {
  const scale = Math.max(target.width / source.width, target.height / source.height)
  const width = fit(target.width / scale, source.width)
  const height = fit(target.height / scale, source.height)
  const x = Math.floor((source.width - width) / 2)
  const y = Math.floor((source.height - height) / 2)
  return { source, target, region: { x, y, width, height }, content: whole(target) }
}

/** Everything in the picture, no padding, the aspect ratio not kept. */
export const stretch = (source: Size, target: Size): PictureTransform => ({
  source,
  target,
  region: whole(source),
  content: whole(target)
})

const whole = (size: Size): BoundingBox => ({ x: 0, y: 0, width: size.width, height: size.height })

/** Rounded down, with forgiveness for what floating point took away from a whole number. */
const fit = (length: number, limit: number): number => Math.min(limit, Math.max(1, Math.floor(length + 1e-6)))

const map = (box: BoundingBox, from: BoundingBox, to: BoundingBox): BoundingBox => {
  const x = to.width / from.width
  const y = to.height / from.height
  return { x: to.x + (box.x - from.x) * x, y: to.y + (box.y - from.y) * y, width: box.width * x, height: box.height * y }
}

/** A box in source pixels, in target pixels. Not clipped. */
export const toTarget = (transform: PictureTransform, box: BoundingBox): BoundingBox =>
  map(box, transform.region, transform.content)

/** A box in target pixels (a model's answer), in source pixels and clipped to the source picture. */
export const toSource = (transform: PictureTransform, box: BoundingBox): BoundingBox =>
  clip(map(box, transform.content, transform.region), transform.source)

/**
 * The same for many boxes in place, without an allocation: `boxes` holds `count` times left, top, right, bottom in target pixels,
 * afterwards in source pixels and clipped to the source picture.
 */
export const cornersToSource = (transform: PictureTransform, boxes: Float32Array, count: number): void => {
  const { content, region, source } = transform
  const scaleX = region.width / content.width
  const scaleY = region.height / content.height
  const offsetX = region.x - content.x * scaleX
  const offsetY = region.y - content.y * scaleY
  for (let at = 0; at < count * 4; at += 2) {
    boxes[at] = Math.min(source.width, Math.max(0, (boxes[at] ?? 0) * scaleX + offsetX))
    boxes[at + 1] = Math.min(source.height, Math.max(0, (boxes[at + 1] ?? 0) * scaleY + offsetY))
  }
}
