import { describe, expect, it } from "@effect/vitest"
import { makeJobBoard } from "@vigil/runtime/jobs/JobBoard"

const standard = (partition: number) => ({ lane: "standard", partition }) as const
const critical = (partition: number) => ({ lane: "critical", partition }) as const

describe("JobBoard", () => {
  it("asks the most urgent lane first, and its places in turns", () => {
    const board = makeJobBoard()
    expect(board.next(0)).toBeUndefined()
    for (const place of [standard(1), standard(2), critical(7)]) board.stored(place)
    expect(board.next(0)).toEqual(critical(7))
    board.emptied(critical(7))
    expect([board.next(0), board.next(0), board.next(0)]).toEqual([standard(1), standard(2), standard(1)])
  })

  it("leaves a place alone while somebody is busy with it, and asks when he does not say so any more", () => {
    const board = makeJobBoard()
    board.stored(standard(1))
    board.taken(standard(1), 100)
    expect(board.next(99)).toBeUndefined()
    expect(board.nextAt()).toBe(100)
    board.taken(standard(1), 200)
    board.emptied(standard(1))
    expect(board.next(150)).toBeUndefined()
    expect(board.next(200)).toEqual(standard(1))
    board.freed(standard(1))
    expect(board.next(300)).toBeUndefined()
    expect(board.nextAt()).toBeUndefined()
  })
})
