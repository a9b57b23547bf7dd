import type { BoundingBox, Size } from "./BoundingBox.js"
import type { Point } from "./Point.js"

/** A box from its corners; swapped corners give an empty box at the first one. */
export const fromCorners = (left: number, top: number, right: number, bottom: number): BoundingBox => ({
  x: left,
  y: top,
  width: Math.max(0, right - left),
  height: Math.max(0, bottom - top)
})

export const area = (box: BoundingBox): number => box.width * box.height

/** What both boxes cover; `undefined` where they only touch or lie apart. */
export const intersection = (a: BoundingBox, b: BoundingBox): BoundingBox | undefined => {
  const left = Math.max(a.x, b.x)
  const top = Math.max(a.y, b.y)
  const right = Math.min(a.x + a.width, b.x + b.width)
  const bottom = Math.min(a.y + a.height, b.y + b.height)
  return right > left && bottom > top ? fromCorners(left, top, right, bottom) : undefined
}

/** Square pixels that both boxes cover. */
export const intersectionArea = (a: BoundingBox, b: BoundingBox): number => {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  return width > 0 && height > 0 ? width * height : 0
}

/** Intersection over union, 0..1; 0 where one of them is empty. */
export const intersectionOverUnion = (a: BoundingBox, b: BoundingBox): number => {
  const shared = intersectionArea(a, b)
  return shared > 0 ? Math.min(1, shared / (area(a) + area(b) - shared)) : 0
}

/** The smallest box around both. */
export const enclosing = (a: BoundingBox, b: BoundingBox): BoundingBox =>
  fromCorners(
    Math.min(a.x, b.x),
    Math.min(a.y, b.y),
    Math.max(a.x + a.width, b.x + b.width),
    Math.max(a.y + a.height, b.y + b.height)
  )

/** The part of the box inside the picture; empty, at the nearest edge, where it lies outside. */
export const clip = (box: BoundingBox, size: Size): BoundingBox => {
  const left = Math.min(Math.max(box.x, 0), size.width)
  const top = Math.min(Math.max(box.y, 0), size.height)
  return fromCorners(
    left,
    top,
    Math.min(Math.max(box.x + box.width, left), size.width),
    Math.min(Math.max(box.y + box.height, top), size.height)
  )
}

/** The box grown by `margin` pixels on every side; a negative margin shrinks it, to its centre at the most. */
export const grow = (box: BoundingBox, margin: number): BoundingBox => {
  const x = Math.max(margin, -box.width / 2)
  const y = Math.max(margin, -box.height / 2)
  return { x: box.x - x, y: box.y - y, width: box.width + 2 * x, height: box.height + 2 * y }
}

const toPoint = (x: number, y: number, size: Size): Point => ({
  x: Math.min(1, Math.max(0, x / size.width)),
  y: Math.min(1, Math.max(0, y / size.height))
})

/** The box's centre as a place in the picture. */
export const centre = (box: BoundingBox, size: Size): Point => toPoint(box.x + box.width / 2, box.y + box.height / 2, size)

/** Where a standing object touches the ground: the middle of the box's lower edge, as a place in the picture. */
export const footPoint = (box: BoundingBox, size: Size): Point => toPoint(box.x + box.width / 2, box.y + box.height, size)

/** The box in shares of the picture, 0..1, as zones are drawn. Not clipped. */
export const relative = (box: BoundingBox, size: Size): BoundingBox => ({
  x: box.x / size.width,
  y: box.y / size.height,
  width: box.width / size.width,
  height: box.height / size.height
})
