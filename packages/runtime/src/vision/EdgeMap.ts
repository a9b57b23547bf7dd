/**
 * Remembers where the background has strong edges, and tells how many of them a frame still has. A covered, defocused or turned camera
 * loses most of them; people who walk through hide few; a change of light keeps them.
 */
export interface EdgeMap {
  /** Share of the remembered edges that a frame still has, 0..1; 1 while there are none to compare with. */
  readonly kept: (plane: Uint8Array) => number
  /** Takes the background's edges (256ths of a grey level); `seconds` have passed since the last call. Only when nothing moves and the background is settled. */
  readonly learn: (background: Int32Array, kept: number, seconds: number) => void
}

/** Sum of the absolute differences to the right and to the lower neighbour, in grey levels, that makes an edge. */
const strongEdge = 24
/** Of the learnt gradient, what must be left of it. */
const keptShare = 0.4
/** The background's values for one grey level. */
const backgroundLevel = 256
const mostEdges = 4096
const fewestEdges = 64
/** Seconds between updates while the picture looks as it did. */
const refresh = 20
/** Seconds after which a picture that lost its edges is taken as the new normal. */
const adopt = 600
const familiar = 0.7

export const makeEdgeMap = (width: number, height: number): EdgeMap => {
  const places = new Int32Array(mostEdges)
  const strengths = new Float32Array(mostEdges)
  let edges = 0
  let familiarFor = refresh
  let strangeFor = 0

  /** Calls `visit` with every strong edge of the background. */
  const visitEdges = (background: Int32Array, visit: (place: number, strength: number) => void) => {
    for (let y = 0; y < height - 1; y++) {
      for (let i = y * width, end = i + width - 1; i < end; i++) {
        const value = background[i]
        const strength = (Math.abs(background[i + 1] - value) + Math.abs(background[i + width] - value)) / backgroundLevel
        if (strength >= strongEdge) visit(i, strength)
      }
    }
  }

  /** Takes evenly of all edges when there are too many. */
  const take = (background: Int32Array) => {
    let found = 0
    visitEdges(background, () => found++)
    const every = Math.max(1, Math.ceil(found / mostEdges))
    edges = 0
    let seen = 0
    visitEdges(background, (place, strength) => {
      if (seen++ % every !== 0) return
      places[edges] = place
      strengths[edges++] = strength
    })
    if (edges < fewestEdges) edges = 0
  }

  return {
    kept: (plane) => {
      if (edges === 0) return 1
      let kept = 0
      for (let edge = 0; edge < edges; edge++) {
        const i = places[edge]
        const value = plane[i]
        const strength = Math.abs(plane[i + 1] - value) + Math.abs(plane[i + width] - value)
        if (strength >= keptShare * strengths[edge]) kept++
      }
      return kept / edges
    },
    learn: (background, kept, seconds) => {
      if (edges === 0 || kept >= familiar) {
        familiarFor += seconds
        strangeFor = 0
      } else {
        strangeFor += seconds
      }
      if (familiarFor >= refresh || strangeFor >= adopt) {
        familiarFor = 0
        strangeFor = 0
        take(background)
      }
    }
  }
}
