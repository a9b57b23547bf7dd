import { describe, expect, it } from "@effect/vitest"
import { makeJobBoard } from "@vigil/runtime/jobs/JobBoard"

const standard = (partition: number) => ({ lane: "standard", partition }) as const
const critical = (partition: number) => ({ lane: "critical", partition }) as const

/** Long enough to be busy. */
const long = 10_000

describe("JobBoard", () => {
  it("asks the most urgent lane first, and its places in turns", () => {
    const board = makeJobBoard()
    expect(board.ask(0, long)).toBeUndefined()
    for (const place of [standard(1), standard(2), critical(7)]) board.stored(place)
    expect([board.ask(0, long), board.ask(0, long)]).toEqual([critical(7), standard(1)])
    board.freed(standard(1))
    board.stored(standard(1))
    expect([board.ask(0, long), board.ask(0, long), board.ask(0, long)]).toEqual([standard(2), standard(1), undefined])
  })

  it("leaves a place alone while somebody is busy with it, and asks when he does not say so any more", () => {
    const board = makeJobBoard()
    board.stored(standard(1))
    board.taken(standard(1), 100)
    expect(board.ask(99, long)).toBeUndefined()
    expect(board.nextAt()).toBe(100)
    board.taken(standard(1), 200)
    expect(board.ask(150, long)).toBeUndefined()
    expect(board.ask(200, 300)).toEqual(standard(1))
    board.freed(standard(1))
    expect(board.ask(400, long)).toBeUndefined()
    expect(board.nextAt()).toBeUndefined()
  })

  it("does not forget a job that is stored while somebody asks", () => {
    const board = makeJobBoard()
    board.stored(standard(1))
    expect(board.ask(0, long)).toEqual(standard(1))
    board.stored(standard(1))
    board.freed(standard(1))
    expect(board.ask(0, long)).toEqual(standard(1))
  })

  it("asks again some times where something should be, and then no more until something is stored", () => {
    const board = makeJobBoard()
    board.stored(standard(1))
    let at = 0
    let asked = 0
    for (let place = board.ask(at, long); place !== undefined; place = board.ask(at, at + long)) {
      asked++
      board.missed(place, at)
      expect(board.ask(at, long)).toBeUndefined()
      at = board.nextAt() ?? at
    }
    expect(asked).toBe(4)
    expect(at).toBeLessThan(1000)
    board.stored(standard(1))
    expect(board.ask(at, long)).toEqual(standard(1))
  })
})
