import type { Size } from "@vigil/core/geometry/BoundingBox"

/** Markers without a length: restart markers, TEM, start of image. */
const standsAlone = (marker: number): boolean => (marker >= 0xd0 && marker <= 0xd8) || marker === 0x01

/** Start of frame in one of its kinds; 0xc4, 0xc8 and 0xcc are tables (ITU-T T.81 table B.1). */
const startsFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc

/** Width and height of a JPEG image, from its frame header. Undefined where there is none before the entropy-coded data. */
export const jpegSize = (image: Uint8Array): Size | undefined => {
  if (image[0] !== 0xff || image[1] !== 0xd8) return undefined
  const word = (at: number) => ((image[at] ?? 0) << 8) | (image[at + 1] ?? 0)
  let at = 2
  while (at + 4 <= image.length && image[at] === 0xff) {
    const marker = image[at + 1] ?? 0
    if (marker === 0xff) at++
    else if (standsAlone(marker)) at += 2
    else if (startsFrame(marker)) {
      const height = word(at + 5)
      const width = word(at + 7)
      return at + 9 <= image.length && width > 0 && height > 0 ? { width, height } : undefined
    } else if (marker === 0xda || marker === 0xd9) return undefined
    else at += 2 + Math.max(2, word(at + 2))
  }
  return undefined
}
