/** What one pass over a luma plane tells. */
export interface LumaStatistics {
  /** 0..255. */
  readonly mean: number
  /** Standard deviation. */
  readonly deviation: number
  /** Variance of the Laplacian (4-neighbour kernel), from the inner pixels of every second line. Low when nothing is in focus. */
  readonly sharpness: number
  /** Share of pixels that differ at all from `previous`, 0..1; 1 without one. */
  readonly difference: number
}

/**
 * Measures a packed plane of at least 3x3 pixels. `previous` must have the same size. The Laplacian's variance as a measure of focus: Pech-Pacheco
 * et al., Diatom autofocusing in brightfield microscopy, ICPR 2000.
 */
export const measureLuma = (
  plane: Uint8Array,
  width: number,
  height: number,
  previous: Uint8Array | undefined
): LumaStatistics => {
  const pixels = width * height
  let sum = 0
  let squares = 0
  let laplacians = 0
  let laplacianSquares = 0
  for (let y = 0; y < height; y++) {
    // Small integers within a line; only the totals need the range of a double.
    let lineSum = 0
    let lineSquares = 0
    const start = y * width
    for (let i = start, end = start + width; i < end; i++) {
      const value = plane[i]
      lineSum += value
      lineSquares += value * value
    }
    sum += lineSum
    squares += lineSquares
    if (y % 2 === 0 || y === height - 1) continue
    let lineLaplacians = 0
    let lineLaplacianSquares = 0
    let left = plane[start]
    let here = plane[start + 1]
    for (let i = start + 1, end = start + width - 1; i < end; i++) {
      const right = plane[i + 1]
      const value = plane[i - width] + plane[i + width] + left + right - 4 * here
      lineLaplacians += value
      lineLaplacianSquares += value * value
      left = here
      here = right
    }
    laplacians += lineLaplacians
    laplacianSquares += lineLaplacianSquares
  }
  const inner = (width - 2) * ((height - 1) >> 1)
  const mean = sum / pixels
  const laplacian = laplacians / inner
  return {
    mean,
    deviation: Math.sqrt(Math.max(0, squares / pixels - mean * mean)),
    sharpness: Math.max(0, laplacianSquares / inner - laplacian * laplacian),
    difference: previous === undefined ? 1 : countDifferent(plane, previous, pixels) / pixels
  }
}

const countDifferent = (plane: Uint8Array, previous: Uint8Array, pixels: number): number => {
  let different = 0
  for (let i = 0; i < pixels; i++) if (plane[i] !== previous[i]) different++
  return different
}
