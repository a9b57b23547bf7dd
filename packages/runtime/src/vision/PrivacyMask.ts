import type { BoundingBox, Size } from "@vigil/core/geometry/BoundingBox"
import type { Polygon } from "@vigil/core/geometry/Polygon"
import { coverOf } from "@vigil/core/geometry/PolygonCover"
import type { Zone } from "@vigil/core/geometry/Zone"

/** How a plane of samples came of a picture. */
export interface ScaledPlane extends Size {
  readonly source: Size
  /** The part of the source that was scaled to the plane; absent: all. */
  readonly part?: BoundingBox | undefined
}

/** Where the lines of samples lie in memory: `stride` bytes from line to line, `bytes` to a sample. */
export interface SampleLayout {
  readonly offset: number
  readonly stride: number
  readonly bytes: 1 | 3
}

/** Burns what is not to be seen out of planes of samples. */
export interface PrivacyMask {
  readonly burn: (plane: ScaledPlane, samples: Uint8Array, layout: SampleLayout, value: number) => void
}

const nothing: PrivacyMask = { burn: () => undefined }

/**
 * Pixels around a mask that are burnt with it, of the plane and of the source: scaling blends a pixel with its neighbours, those of the plane where it makes
 * smaller and those of the source where it makes larger, and colour is coded for squares of two by two.
 */
const blend = 2

/** Planes of different sizes that are made of a camera's pictures: of luma, for each detector, frames, encoders. */
const mostCovers = 16

const marginOf = (scale: number): number => blend + blend * scale

const coverOfPlane = (polygons: ReadonlyArray<Polygon>, { height, part, source, width }: ScaledPlane): Uint32Array => {
  const { x, y, ...shown } = part ?? { x: 0, y: 0, ...source }
  const [across, down] = [width / shown.width, height / shown.height]
  return coverOf(
    polygons,
    { width, height },
    { x: marginOf(across), y: marginOf(down) },
    { x: -x * across, y: -y * down, width: source.width * across, height: source.height * down }
  )
}

const keyOf = ({ height, part, source, width }: ScaledPlane): string =>
  [width, height, source.width, source.height, part?.x, part?.y, part?.width, part?.height].join(" ")

export const makePrivacyMask = (masks: ReadonlyArray<Pick<Zone, "polygon">>): PrivacyMask => {
  if (masks.length === 0) return nothing
  const polygons = masks.map(({ polygon }) => polygon)
  const covers = new Map<string, Uint32Array>()

  const coverFor = (plane: ScaledPlane): Uint32Array => {
    const key = keyOf(plane)
    const known = covers.get(key)
    if (known !== undefined) return known
    const made = coverOfPlane(polygons, plane)
    if (covers.size >= mostCovers) covers.clear()
    covers.set(key, made)
    return made
  }

  return {
    burn: (plane, samples, { bytes, offset, stride }, value) => {
      const spans = coverFor(plane)
      for (let at = 0; at < spans.length; at += 2) {
        const [from, to] = [spans[at], spans[at + 1]]
        const line = Math.floor(from / plane.width)
        const start = offset + line * stride + (from - line * plane.width) * bytes
        samples.fill(value, start, start + (to - from) * bytes)
      }
    }
  }
}
