/** `rows` times `columns` similarities of 0..1, row by row; 0 means that the pair must not be made. */
export interface Similarities {
  readonly rows: number
  readonly columns: number
  readonly values: Float64Array
}

/** With more rows or columns the best assignment would take too long (it grows with the cube): a greedy one is taken. */
export const exactLimit = 64

/**
 * Pairs rows with columns so that the sum of the similarities is greatest. Returns the column of each row, -1 for a row that stays
 * alone. Not the most pairs: one good pair is better than two bad ones.
 */
export const assign = (similarities: Similarities): Int32Array =>
  Math.max(similarities.rows, similarities.columns) <= exactLimit ? assignBest(similarities) : assignGreedily(similarities)

/** Similarities are told apart to this many steps from 0 to 1, so that one number holds a similarity and the place of its pair. */
const steps = 2 ** 20
const places = 2 ** 30

/** The best pair first, then the best of what is left. */
export const assignGreedily = ({ columns, rows, values }: Similarities): Int32Array => {
  const columnOf = new Int32Array(rows).fill(-1)
  const taken = new Uint8Array(columns)
  const keys = new Float64Array(rows * columns)
  let pairs = 0
  for (let at = 0; at < rows * columns; at++) {
    const value = values[at] ?? 0
    if (value > 0) keys[pairs++] = at - Math.round(Math.min(1, value) * steps) * places
  }
  for (const key of keys.subarray(0, pairs).sort()) {
    const at = ((key % places) + places) % places
    const row = Math.floor(at / columns)
    const column = at % columns
    if (columnOf[row] !== -1 || taken[column] === 1) continue
    columnOf[row] = column
    taken[column] = 1
  }
  return columnOf
}

/**
 * The Hungarian method by shortest augmenting paths with potentials (Jonker and Volgenant, Computing 38, 1987), one row at a time.
 * Rows and columns count from 1 inside. Behind the real columns there is one of similarity 0 for each row: it stays alone there.
 */
const assignBest = ({ columns, rows, values }: Similarities): Int32Array => {
  const width = columns + rows
  const rowPotential = new Float64Array(rows + 1)
  const columnPotential = new Float64Array(width + 1)
  const rowOf = new Int32Array(width + 1)
  const previous = new Int32Array(width + 1)
  const shortest = new Float64Array(width + 1)
  const visited = new Uint8Array(width + 1)
  const cost = (row: number, column: number): number =>
    column > columns ? 0 : -Math.max(0, values[(row - 1) * columns + column - 1] ?? 0)

  const searchFrom = (row: number): number => {
    rowOf[0] = row
    shortest.fill(Number.POSITIVE_INFINITY)
    visited.fill(0)
    let at = 0
    do {
      visited[at] = 1
      const here = rowOf[at] ?? 0
      let step = Number.POSITIVE_INFINITY
      let next = 0
      for (let column = 1; column <= width; column++) {
        if (visited[column] === 1) continue
        const reduced = cost(here, column) - (rowPotential[here] ?? 0) - (columnPotential[column] ?? 0)
        if (reduced < (shortest[column] ?? 0)) {
          shortest[column] = reduced
          previous[column] = at
        }
        if ((shortest[column] ?? 0) < step) {
          step = shortest[column] ?? 0
          next = column
        }
      }
      for (let column = 0; column <= width; column++) {
        if (visited[column] === 1) {
          const owner = rowOf[column] ?? 0
          rowPotential[owner] = (rowPotential[owner] ?? 0) + step
          columnPotential[column] = (columnPotential[column] ?? 0) - step
        } else shortest[column] = (shortest[column] ?? 0) - step
      }
      at = next
    } while (rowOf[at] !== 0)
    return at
  }

  for (let row = 1; row <= rows; row++) {
    for (let at = searchFrom(row); at !== 0; ) {
      const before = previous[at] ?? 0
      rowOf[at] = rowOf[before] ?? 0
      at = before
    }
  }

  const columnOf = new Int32Array(rows).fill(-1)
  for (let column = 1; column <= columns; column++) {
    const row = rowOf[column] ?? 0
    if (row > 0 && (values[(row - 1) * columns + column - 1] ?? 0) > 0) columnOf[row - 1] = column - 1
  }
  return columnOf
}
