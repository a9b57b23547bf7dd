/** How a frame differs from the learnt background. */
export interface BackgroundDifference {
  /** Pixels of the mask that differ. */
  readonly changed: number
  /** False while the background is being learnt, anew after a sudden change of most of the picture. */
  readonly settled: boolean
}

/**
 * A running average of each pixel and of how far the pixel usually strays from it: flickering pixels (leaves, water, noise) earn a higher
 * threshold, and exposure that drifts as a whole is subtracted first. Places that differ are learnt slowly, so who stands still stays
 * visible for about a minute. After C. Stauffer, W. Grimson 1999, with one mode instead of several.
 */
export interface BackgroundModel {
  /** Mean of each pixel, in 256ths of a grey level. */
  readonly mean: Int32Array
  /** 1 where the last frame differed, 0 elsewhere and where the mask is 0. */
  readonly foreground: Uint8Array
  /** Compares, then learns. `seconds` have passed since the frame before. */
  readonly update: (plane: Uint8Array, seconds: number) => BackgroundDifference
}

export interface BackgroundOptions {
  /** 1 for the pixels that count. */
  readonly mask: Uint8Array
  /** 0 (only strong changes) to 1. */
  readonly sensitivity: number
}

/** Time constants in seconds: of pixels that look like the background, and of pixels that do not. */
const learning = 5
const absorbing = 60
/** How long, and how many frames at least, the first look and one after a sudden change take. */
const settling = { seconds: 2, frames: 4 }
/** Share of pixels that change at once when a light is switched. */
const suddenShare = 0.6
/** Above what a pixel usually strays, in multiples of it; and its highest value. */
const strayFactor = 3
const strayLimit = 24
/** Fixed point: grey levels are kept in 256ths, rates in 4096ths, so that products stay within 31 bits. */
const level = 256
const unit = 4096

/** Grey levels that sensor noise and compression may differ by. */
const tolerance = { leastSensitive: 36, mostSensitive: 6 }

/** An exposure that drifts moves most pixels alike, and not far at once; anything else is a change of the picture. */
const drift = { least: 3, most: 48, alike: 10, share: 0.7 }

/** The shift of brightness that most pixels share, in grey levels, from every 7th pixel; 0 where there is none. */
const commonShift = (plane: Uint8Array, mean: Int32Array, histogram: Int32Array): number => {
  histogram.fill(0)
  let samples = 0
  for (let i = 3; i < plane.length; i += 7) {
    histogram[plane[i] - ((mean[i] + 128) >> 8) + 255]++
    samples++
  }
  let median = 0
  for (let below = histogram[0]; below * 2 < samples && median < histogram.length - 1; below += histogram[median]) median++
  const shift = median - 255
  if (Math.abs(shift) < drift.least || Math.abs(shift) > drift.most) return 0
  let alike = 0
  for (let slot = median - drift.alike; slot <= median + drift.alike; slot++) alike += histogram[slot] ?? 0
  return alike >= samples * drift.share ? shift : 0
}

export const makeBackgroundModel = ({ mask, sensitivity }: BackgroundOptions): BackgroundModel => {
  const pixels = mask.length
  const mean = new Int32Array(pixels)
  const stray = new Int32Array(pixels)
  const foreground = new Uint8Array(pixels)
  const histogram = new Int32Array(511)
  const wanted = Math.min(1, Math.max(0, sensitivity))
  const base = Math.round((tolerance.leastSensitive + (tolerance.mostSensitive - tolerance.leastSensitive) * wanted) * level)
  const counted = Math.max(
    1,
    mask.reduce((sum, value) => sum + value, 0)
  )
  let frames = 0
  let watched = 0

  const start = (plane: Uint8Array) => {
    for (let i = 0; i < pixels; i++) mean[i] = plane[i] * level
    stray.fill(0)
    foreground.fill(0)
    frames = 1
    watched = 0
  }

  /** `shift` in 256ths of a grey level, `fast` and `slow` in 4096ths. */
  const compareAndLearn = (plane: Uint8Array, shift: number, fast: number, slow: number): number => {
    let changed = 0
    for (let i = 0; i < pixels; i++) {
      const usual = mean[i]
      const spread = stray[i]
      const step = (plane[i] << 8) - usual
      const distance = Math.abs(step - shift)
      if (distance > base + strayFactor * spread) {
        foreground[i] = mask[i]
        changed += mask[i]
        mean[i] = usual + ((step * slow) >> 12)
        stray[i] = spread + (((strayLimit * level - spread) * slow) >> 12)
      } else {
        foreground[i] = 0
        mean[i] = usual + ((step * fast) >> 12)
        stray[i] = spread + (((distance - spread) * fast) >> 12)
      }
    }
    return changed
  }

  return {
    mean,
    foreground,
    update: (plane, seconds) => {
      if (frames === 0) {
        start(plane)
        return { changed: 0, settled: false }
      }
      const settled = frames >= settling.frames && watched >= settling.seconds
      frames++
      watched += seconds
      const shift = commonShift(plane, mean, histogram)
      const rate = 1 - Math.exp(-seconds / learning)
      const fast = settled ? rate : Math.max(rate, 1 / frames)
      const slow = settled ? 1 - Math.exp(-seconds / absorbing) : fast
      const changed = compareAndLearn(plane, shift * level, Math.round(fast * unit), Math.ceil(slow * unit))
      if (settled && changed > suddenShare * counted) {
        start(plane)
        return { changed, settled: false }
      }
      return { changed, settled }
    }
  }
}
