import type { BoundingBox } from "@vigil/core/geometry/BoundingBox"

/** Side of the square cells, in pixels, that a picture is cut into before regions are connected. */
const cell = 4
/** Pixels of a cell that must differ; fewer are noise. */
const cellMinimum = 4
/** Pixels that a region must have. */
const regionMinimum = 12
/** Outer lines and columns of a region's box with a smaller share of differing pixels are cut off. */
const edgeShare = 0.12
const mostRegions = 16

interface Region {
  pixels: number
  left: number
  right: number
  top: number
  bottom: number
}

/** Finds connected regions in masks of one size (0 or 1 per pixel, a multiple of 4 wide); its arrays are used again. */
export interface RegionFinder {
  /** Largest first, at most 16, in pixels of the mask. */
  readonly find: (mask: Uint8Array) => ReadonlyArray<BoundingBox>
}

export const makeRegionFinder = (width: number, height: number): RegionFinder => {
  const columns = Math.ceil(width / cell)
  const rows = Math.ceil(height / cell)
  const counts = new Uint8Array(columns * rows)
  const stack = new Int32Array(columns * rows)

  const countCells = (mask: Uint8Array) => {
    counts.fill(0)
    // Four pixels, each 0 or 1, are one word; the product's top byte is their sum.
    const words = new Uint32Array(mask.buffer, mask.byteOffset, mask.length >> 2)
    for (let y = 0, at = 0; y < height; y++) {
      const row = (y >> 2) * columns
      for (let x = 0; x < columns; x++) {
        const word = words[at++]
        if (word !== 0) counts[row + x] += Math.imul(word, 0x01010101) >>> 24
      }
    }
  }

  /** Takes the cells connected with one (8 neighbours) out of `counts`. */
  const flood = (first: number): Region => {
    const region: Region = { pixels: 0, left: columns, right: 0, top: rows, bottom: 0 }
    let depth = 0
    const push = (index: number) => {
      region.pixels += counts[index]
      counts[index] = 0
      stack[depth++] = index
    }
    push(first)
    while (depth > 0) {
      const index = stack[--depth]
      const y = Math.floor(index / columns)
      const x = index - y * columns
      region.left = Math.min(region.left, x)
      region.right = Math.max(region.right, x)
      region.top = Math.min(region.top, y)
      region.bottom = Math.max(region.bottom, y)
      for (let ny = Math.max(0, y - 1); ny <= Math.min(rows - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(columns - 1, x + 1); nx++) {
          if (counts[ny * columns + nx] >= cellMinimum) push(ny * columns + nx)
        }
      }
    }
    return region
  }

  return {
    find: (mask) => {
      countCells(mask)
      const regions: Array<Region> = []
      for (let index = 0; index < counts.length; index++) {
        if (counts[index] < cellMinimum) continue
        const region = flood(index)
        if (region.pixels >= regionMinimum) regions.push(region)
      }
      regions.sort((a, b) => b.pixels - a.pixels)
      return regions.slice(0, mostRegions).map((region) => trim(mask, width, height, region))
    }
  }
}

/** A region's box in pixels: its cells, without outer lines and columns in which hardly anything differs. */
const trim = (mask: Uint8Array, width: number, height: number, region: Region): BoundingBox => {
  const left = region.left * cell
  const top = region.top * cell
  const across = Math.min(width, (region.right + 1) * cell) - left
  const down = Math.min(height, (region.bottom + 1) * cell) - top
  const perColumn = new Uint16Array(across)
  const perLine = new Uint16Array(down)
  for (let y = 0; y < down; y++) {
    const line = (top + y) * width + left
    for (let x = 0; x < across; x++) {
      if (mask[line + x] === 1) {
        perColumn[x] = perColumn[x] + 1
        perLine[y] = perLine[y] + 1
      }
    }
  }
  const [firstColumn, lastColumn] = filledRange(perColumn, down * edgeShare)
  const [firstLine, lastLine] = filledRange(perLine, across * edgeShare)
  return { x: left + firstColumn, y: top + firstLine, width: lastColumn - firstColumn + 1, height: lastLine - firstLine + 1 }
}

/** First and last index whose count is above the least; the whole range when there is none. */
const filledRange = (counts: Uint16Array, least: number): readonly [number, number] => {
  const first = counts.findIndex((count) => count > least)
  const last = counts.findLastIndex((count) => count > least)
  return first < 0 ? [0, counts.length - 1] : [first, last]
}
