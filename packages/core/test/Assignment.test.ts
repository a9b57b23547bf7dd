import { assign, assignGreedily, exactLimit } from "@vigil/core/Assignment"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const matrix = (rows: ReadonlyArray<ReadonlyArray<number>>) => ({
  rows: rows.length,
  columns: rows[0]?.length ?? 0,
  values: Float64Array.from(rows.flat())
})

const total = (rows: ReadonlyArray<ReadonlyArray<number>>, columnOf: Int32Array) =>
  columnOf.reduce((sum, column, row) => sum + (rows[row]?.[column] ?? 0), 0)

/** The greatest sum by trying everything. */
const best = (rows: ReadonlyArray<ReadonlyArray<number>>, row = 0, taken: ReadonlySet<number> = new Set()): number => {
  const here = rows[row]
  if (here === undefined) return 0
  let found = best(rows, row + 1, taken)
  here.forEach((value, column) => {
    if (value > 0 && !taken.has(column)) found = Math.max(found, value + best(rows, row + 1, new Set([...taken, column])))
  })
  return found
}

const similarity = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 100 }).map((n) => n / 100)
)
const small = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
  .chain(([rows, columns]) =>
    fc.array(fc.array(similarity, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows })
  )

describe("Assignment", () => {
  it("prefers the greatest sum to the best pair, and one good pair to two bad ones", () => {
    expect([
      ...assign(
        matrix([
          [0.9, 0.8],
          [0.85, 0.1]
        ])
      )
    ]).toEqual([1, 0])
    expect([
      ...assignGreedily(
        matrix([
          [0.9, 0.8],
          [0.85, 0.1]
        ])
      )
    ]).toEqual([0, 1])
    expect([
      ...assign(
        matrix([
          [0.9, 0.15],
          [0.15, 0]
        ])
      )
    ]).toEqual([0, -1])
    expect([
      ...assign(
        matrix([
          [0, 0],
          [0, 0.2]
        ])
      )
    ]).toEqual([-1, 1])
    expect([...assign({ rows: 0, columns: 5, values: new Float64Array() })]).toEqual([])
    expect([...assign({ rows: 2, columns: 0, values: new Float64Array() })]).toEqual([-1, -1])
  })

  it("finds the greatest sum, uses each column once, and no forbidden pair", () => {
    fc.assert(
      fc.property(small, (rows) => {
        for (const [how, columnOf] of [
          ["exact", assign(matrix(rows))],
          ["greedy", assignGreedily(matrix(rows))]
        ] as const) {
          const used = [...columnOf].filter((column) => column >= 0)
          expect(new Set(used).size).toBe(used.length)
          columnOf.forEach((column, row) => {
            if (column >= 0) expect(rows[row]?.[column]).toBeGreaterThan(0)
          })
          if (how === "exact") expect(total(rows, columnOf)).toBeCloseTo(best(rows), 9)
          else expect(total(rows, columnOf)).toBeGreaterThanOrEqual(best(rows) / 2 - 1e-9)
        }
      })
    )
  })

  it("pairs a large crowd too", () => {
    const count = exactLimit * 3
    const values = new Float64Array(count * count)
    for (let i = 0; i < count; i++) values[i * count + ((i * 7) % count)] = 0.5 + i / (4 * count)
    const columnOf = assign({ rows: count, columns: count, values })
    columnOf.forEach((column, row) => expect(column).toBe((row * 7) % count))
  })
})
