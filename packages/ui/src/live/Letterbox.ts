import type { Size } from "@vigil/core/geometry/BoundingBox"
import type { Point } from "@vigil/core/geometry/Point"

/** Where a picture lies in its element under `object-fit: contain`, in the element's pixels. */
export interface Letterbox {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Empty (width and height 0) as long as one of the two has no area. */
export const contain = (element: Size, picture: Size): Letterbox => {
  if (!(element.width > 0 && element.height > 0 && picture.width > 0 && picture.height > 0)) return { x: 0, y: 0, width: 0, height: 0 }
  const scale = Math.min(element.width / picture.width, element.height / picture.height)
  const width = picture.width * scale
  const height = picture.height * scale
  return { x: (element.width - width) / 2, y: (element.height - height) / 2, width, height }
}

const unit = (value: number): number => Math.min(1, Math.max(0, value))

/** A place in the element as a place in the picture; places outside of the picture move to its edge. */
export const toPicture = (box: Letterbox, x: number, y: number): Point => ({
  x: box.width > 0 ? unit((x - box.x) / box.width) : 0,
  y: box.height > 0 ? unit((y - box.y) / box.height) : 0
})
