import type { BoundingBox, Size } from "@vigil/core/geometry/BoundingBox"

/** Where a picture lies in its element under `object-fit: contain`, in the element's pixels. */
export interface Letterbox {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Empty (width and height 0) as long as one of the two has no area. */
export const contain = (element: Size, picture: Size): Letterbox => {
  if (!(element.width > 0 && element.height > 0 && picture.width > 0 && picture.height > 0))
    return { x: 0, y: 0, width: 0, height: 0 }
  const scale = Math.min(element.width / picture.width, element.height / picture.height)
  const width = picture.width * scale
  const height = picture.height * scale
  return { x: (element.width - width) / 2, y: (element.height - height) / 2, width, height }
}

/** Where a box in the picture's own pixels lies on the element, `scale` being element pixels per picture pixel; cut off at the picture's edges. */
export const placed = (box: BoundingBox, picture: Letterbox, scale: number): BoundingBox => {
  const x = Math.max(picture.x, picture.x + box.x * scale)
  const y = Math.max(picture.y, picture.y + box.y * scale)
  const right = Math.min(picture.x + picture.width, picture.x + (box.x + box.width) * scale)
  const bottom = Math.min(picture.y + picture.height, picture.y + (box.y + box.height) * scale)
  return { x, y, width: Math.max(0, right - x), height: Math.max(0, bottom - y) }
}
